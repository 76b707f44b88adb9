"""Pure functions on signals: files, waveforms, features, distances."""
