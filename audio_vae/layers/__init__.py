"""The registered Keras layers.

dilation_block      the paper's dilation block
sampling            sampling of latents from the posterior
log_mel             log-mel spectrogram, the first layer of the encoder of voices
voice_features      pitch and periodicity, which the encoder of voices hears beside it
voice_synthesis     harmonics of a moving pitch and noise, the last layer of their decoder
band_noise          noise in dense bands, which both syntheses scale frame by frame
one_shot_analysis   what is heard of a one-shot, the first layer of its encoder
one_shot_synthesis  tones and noise in dense bands, the last layer of its decoder
augmentation        random changes of training sounds
"""
