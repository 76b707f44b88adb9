"""Drum one-shots in any format, clustered by their attack as in the paper, or a built-in kit."""

from audio_vae.drums.config import make, options
from audio_vae.drums.preprocess import prepare
from audio_vae.drums.sources import SOURCES
from audio_vae.runs.prepare import Dataset

DATASET = Dataset("drums", make, prepare, options=options, sources=SOURCES)
