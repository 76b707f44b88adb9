"""Drum one-shots of any format, clustered by their attack as in the paper, or a built-in kit.

config      the configs of the presets for drums
synth       the built-in kit, synthesised from formulas
preprocess  one-shots or the built-in kit become labelled, split sounds
dataset     the declaration of the data set
sources     what a pretrained model of drums may be trained on
collect     put those sounds into one folder: function, script
train       train a model of drums: options, function, script
morph       morph drums: function, script
"""
