"""The run folder: training writes it, everything else reads it.

run          a run folder: its files, model, sounds and history
streams      runs whose sounds are read from shards on disk
create       make a run folder, or continue one with the same settings
settings     single values of a config that a user gives by name
prepare      choose a run's config and read its sounds into the folder
latents      latents of a run's sounds, and the centres of its classes
card         the card.json of a pretrained model
lock         let only one process at a time write into a run folder
listing      list run folders and how far each one is
environment  package versions, machine and git commit
unloadable   what a user is told if a model cannot be loaded
"""
