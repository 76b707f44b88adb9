"""From one sound to another.

dataset_morphs what is usual for the morphs of a data set, and the functions behind its commands
options        how to go from one sound to another
endpoints      what a user may name: a class, a sound of it, a sound file
interpolation  paths through the latent space
given          sounds as they were given: own rate, channels, length and level
levels         levels and lengths of the steps
steps          the steps of a morph and of its cross-fade as sounds
checks         warnings of silent output, and of ends that the model cannot render
measures       the measures of a scorecard, on arrays
scorecard      the scorer of a run, scorecards, and who is better
made_morph     a morph in memory: its steps, and when asked for, cross-fade, warnings, scores
made_blend     a blend in memory, likewise
morph          from one sound to another, as a folder
blend          one sound out of several, as a folder
batch          many morphs by a list
all_pairs      morphs between all pairs of classes, scored
"""
