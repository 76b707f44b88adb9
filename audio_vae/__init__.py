"""Morph sounds with a variational autoencoder on raw audio that you train yourself.

Importing this package imports no Keras backend; its modules import what they use.
"""

from pathlib import Path

from audio_vae.backend.keras_backend import choose_backend

__version__ = "0.1.0"

# In a checkout, digits/ and drums/ lie beside this folder and not inside it (see setup.cfg).
# Adding the checkout's root to the search path makes `audio_vae.digits` mean the same there.
if not (Path(__file__).parent / "digits").is_dir():
    __path__.append(str(Path(__file__).parent.parent))

choose_backend()
