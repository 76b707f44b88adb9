"""Spoken digits: the Free Spoken Digit Dataset, as the paper uses it.

config      the configs of the presets for digits
download    the recordings, downloaded once
preprocess  recordings become labelled sounds with the paper's split
dataset     the declaration of the data set
sources     what a pretrained model of digits may be trained on
train       train a model of digits: options, function, script
morph       morph digits: function, script
"""
