"""Results show themselves in a notebook."""

import re

import numpy as np
import pytest

from audio_vae.api.results import Sound, Sounds

IPython = pytest.importorskip("IPython")


def shown(result):
    """Return what IPython's own formatter makes of a result."""
    from IPython.core.formatters import HTMLFormatter

    return HTMLFormatter()(result)


def test_a_morph_is_a_picture_and_a_player_for_each_step(model):
    html = shown(model.morph("low", "it's high", 3))
    assert len(re.findall('src="data:image/png;base64,iVBOR', html)) == 1
    assert len(re.findall(r'<audio[^>]*controls="controls"', html)) == 3
    assert "Waveforms and spectrograms: low → it&#x27;s high" in html


def test_names_are_shown_to_the_letter_and_loud_sounds_play():
    stereo = np.stack([np.linspace(-2, 2, 400)] * 2, axis=1).astype(np.float32)
    html = shown(Sound(stereo, 8000, "<b>$x$</b>"))
    assert "&lt;b&gt;$x$&lt;/b&gt;" in html
    assert "<audio" in html


def test_many_sounds_have_few_players():
    many = Sounds(np.ones((70, 20), np.float32), 8000, None, tuple(f"s{n}" for n in range(70)), (20,) * 70)
    assert shown(many).count("<audio") == 64
