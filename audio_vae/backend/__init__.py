"""Keras backends, devices and the processes that train together."""
