"""Pure functions on signals: files, waveforms, features, distances.

io             sound files in and out
formats        which files are sounds by their names
decoding       sound files decoded to samples, by libsndfile or tensorflow-io
channels       channels mixed down to mono
waveform       level, onset, end, sample rate and length of a sound
features       MFCCs, mel filter bank and magnitude spectrogram, in NumPy
descriptors    what is heard first: loudness, decay, centroids of time and spectrum, attack
bands          a sound in half-octave bands, and the power of their log-time cells
fidelity       how far one sound is from another to the ear, in decibels
one_shot_grid  the times and bands on which one-shots are analysed and synthesised
voice_pitch    the pitch of voices over time, on any Keras backend
hat_bands      hat-shaped ranges of times and frequencies, and bands that are equally wide in mels
spectral_ops   spectrograms and MFCCs with a gradient, on any Keras backend
dtw            distances by dynamic time warping
soft_dtw       dynamic time warping with a gradient, on any Keras backend
"""
