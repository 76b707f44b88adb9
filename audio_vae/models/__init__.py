"""Networks, losses and the training step of the variational autoencoder.

networks           build_encoder, build_decoder and build_classifier of every architecture
paper_networks     the layers of the paper's networks: `dc` (Table 1) and `cc` (Table 2)
voice_networks     the layers of the networks of voices
one_shot_networks  the layers of the networks of one-shots
one_shot_start     the start of their training: principal components of the sounds
losses             the loss terms: pure functions on tensors
objective          the losses of the two passes: which terms they add up, and what they draw
passes             a gradient pass, and how each Keras backend applies it
weights            weights rounded to what float16 holds
vae                the Keras model: compile, training step, saving and loading; build_vae
"""
