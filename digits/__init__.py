"""Spoken digits: the Free Spoken Digit Dataset, as the paper uses it."""

from audio_vae.digits.config import make, options
from audio_vae.digits.preprocess import prepare
from audio_vae.digits.sources import SOURCES
from audio_vae.runs.prepare import Dataset

DATASET = Dataset("digits", make, prepare, options=options, sources=SOURCES)
