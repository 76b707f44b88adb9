import pytest

from audio_vae.api.open import open_model


@pytest.fixture(scope="session")
def model(tone_run):
    return open_model(tone_run.path)
