"""The registered Keras layers.

dilation_block      the paper's dilation block
sampling            sampling of latents from the posterior
log_mel             log-mel spectrogram, the studio encoder's first layer
one_shot_analysis   what is heard of a one-shot, the first layer of its encoder
one_shot_synthesis  tones and noise in dense bands, the last layer of its decoder
augmentation        random changes of training sounds
"""
