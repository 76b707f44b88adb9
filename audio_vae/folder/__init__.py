"""Your own sounds: a folder of them is a data set.

config      the config that options make
preprocess  sample rate and length chosen from the sounds; files become labelled, split sounds
dataset     the declaration of the data set
train       train a model of them: options, function, script
morph       morph them: function, script
check       validate every file before a training
"""
