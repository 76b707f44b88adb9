"""Sounds between sounds, made of the sounds themselves: pure functions, which know nothing of models or files.

shaper         sounds at given weights: shifted, shaped in bands and times, added, corrected
pitch          pitches that move towards one another, and low frequencies that do not cancel
targets        what lies between sounds: powers in bands and times, and descriptors
correction     small corrections that put descriptors on the line between those of the ends
transfer       what changes between two sounds of a model, done to a real sound
guide          what a model says of the way from one sound to another
"""
