"""New sounds: drawn from where a class lies, and variations of a sound.

spread           where sounds lie in the latent space, and draws from there
novelty          distances from the training sounds: what is a copy
directions       directions of the latent space that change one descriptor
made_sample      new sounds of classes, in memory
made_variations  variations of a sound, in memory
folder           the folder of either: sounds, picture, kits
sample           new sounds of classes, as a folder
vary             variations of a sound, as a folder
"""
