"""Sound files become labelled, split sets of sounds, and batches.

dataset       the declaration of a data set: its configs, and how its sounds are prepared
sources       what a pretrained model may be trained on, and under which licence
validation    one file: is it usable, and what happens to it on its way to the model?
reading       many files, read and validated into a set of sounds
fingerprints  which files a data folder held, and what has changed in it since
sound_set     sounds in memory or on disk, with labels and a split
stored_audio  sounds on disk that are indexed like an array
shards        prepared sounds on disk: written in parallel, checked by their hashes, mended
shard_worker  writes one shard of many sounds; the program of a worker process
worker_pool   the worker processes that write shards
split         which sounds of a class are in the test set
labels        labels from folders, file names or k-means, and the seeded split
nesting       sounds in deeper folders than those that name the classes
clusters      k-means over the attacks of the sounds
averages      averages of two sounds of a class, which may be trained on too
batches       batches for training
"""
