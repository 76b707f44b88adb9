"""Morph sounds with a variational autoencoder on raw audio that you train yourself.

`audio_vae.open_model` opens a model, and a model makes sounds; see docs/python.md. Importing this package imports no
Keras backend; its modules import what they use.
"""

from pathlib import Path

from audio_vae.backend.keras_backend import choose_backend

__version__ = "0.1.0"

# In a checkout, digits/ and drums/ lie beside this folder and not inside it (see setup.cfg).
# Adding the checkout's root to the search path makes `audio_vae.digits` mean the same there.
if not (Path(__file__).parent / "digits").is_dir():
    __path__.append(str(Path(__file__).parent.parent))

choose_backend()


def __getattr__(name: str):
    if name == "open_model":
        from audio_vae.api.open import open_model

        return open_model
    raise AttributeError(f"module 'audio_vae' has no attribute {name!r}")
