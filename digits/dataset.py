"""The declaration of the data set."""

from audio_vae.data.dataset import Dataset
from audio_vae.digits.config import make, options
from audio_vae.digits.preprocess import items_in, prepare
from audio_vae.digits.sources import SOURCES

DATASET = Dataset("digits", make, prepare, items_in, options=options, sources=SOURCES)
