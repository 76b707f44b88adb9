"""Evaluation of a run's model by its test sounds: figures, pictures, sounds and pages.

evaluate          evaluates a run and writes the report folder
outputs           runs the model: latents, reconstructions, decoded class centres
report            computes what report.json holds
protocols         the paper's figures twice: of sounds that are held out, and of sounds that were trained on
deviation         the MFCC-DTW deviation of the class centres (Eq. 2) in all its readings
reconstruction    the figures of the reconstructions
buzz              what a decoder adds at the multiples of its frame rate
multi_resolution  the multi-resolution spectral distance of other papers
metrics           1-NN accuracy, deviation, distances and errors of sounds: pure functions on arrays
mfcc              MFCCs by librosa, and in other usual readings
paper             the figures that the paper prints
summary           the report in words and tables, for the terminal
html              the report as one HTML page
"""
