"""The command line, one file a command; the library does the work.

start      where the program starts: streams and signals, before anything large is loaded
main       all commands together, exit codes and error messages
common     options that several commands have, progress, access to the data sets' packages
datasets   the registry of data sets, and the group of commands that each has
prepare    read the sounds into the run folder; the options that make a run
train      train a model, or go on with a training
evaluate   write the report of a model
morph      turn one sound into another
blend      make one sound out of several
sample     make new sounds of classes
vary       make variations of a sound
batch      make many morphs by a list
kit        make a kit of folders of sounds; the options of kits
export     write the model for other programs
check      validate the files of a folder before a training
runs       list the run folders
explore    open the page of the explorer in the browser
models     list the pretrained models
pack       make a finished run a pretrained model
reproduce  train and evaluate the paper's experiments
"""
