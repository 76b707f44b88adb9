"""`python -m audio_vae` is the command line."""

from audio_vae.cli.start import run

run()
