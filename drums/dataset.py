"""The declaration of the data set."""

from audio_vae.data.dataset import Dataset
from audio_vae.drums.config import make, options
from audio_vae.drums.preprocess import items_in, prepare
from audio_vae.drums.sources import SOURCES

DATASET = Dataset("drums", make, prepare, items_in, options=options, sources=SOURCES)
