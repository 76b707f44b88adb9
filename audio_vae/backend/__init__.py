"""Keras backends, devices and the processes that train together.

keras_backend  which backend Keras runs on, and what only one backend needs
devices        the devices of a training: one, all of a machine, or those of several machines
prediction     networks applied to arrays, in batches of one size
workers        the processes of a training on several machines: who is who, and what to do when one is lost
replicas       each replica's shard of a batch, and means over shards
"""
