"""The declaration of the data set."""

from audio_vae.data.dataset import Dataset
from audio_vae.folder.config import make, options
from audio_vae.folder.preprocess import choose, items_in, prepare

DATASET = Dataset("folder", make, prepare, items_in, choose, options)
