"""Pure functions on signals: files, waveforms, features, distances.

io            reading and writing of sound files
waveform      peaks, fades, onsets and lengths of waveforms
features      MFCCs, mel bands and magnitude spectrograms, in NumPy
spectral_ops  spectrograms and MFCCs with a gradient, on any Keras backend
dtw           distances by dynamic time warping
soft_dtw      dynamic time warping with a gradient, on any Keras backend
"""
