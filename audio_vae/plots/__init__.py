"""Pictures, each written as a PNG file.

figure           what all pictures share: figures, colours, names, saving, small copies
spectrogram      spectrograms of sounds, and how they are drawn
morph            the steps of a morph or a blend
waveforms        reconstructions and class centres
latent_map       the map of the latents
training_curves  the loss terms over the epochs
"""
