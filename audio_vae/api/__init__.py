"""From Python: a model and its sounds as NumPy arrays, without files and messages.

open         open a pretrained model or a run folder; `audio_vae.open_model`
sound_model  the model: encode, decode, morph, blend, sample, vary
ends         what may be given as an end: a name, a file, an array, a sound of a result
results      what is made: sounds with their latents, morphs, blends, new sounds, variations
notebook     pictures and players, as a notebook shows them
"""
