"""Pictures and players of sounds, as a notebook shows them. IPython is imported only there."""

from __future__ import annotations

import base64
import html as escaping
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from audio_vae.audio import waveform
from audio_vae.plots.morph import save_morph_plot

if TYPE_CHECKING:
    from audio_vae.api.results import Sound

_MOST_PLAYERS = 64


def html(sounds: Sequence[Sound], title: str) -> str:
    """Return a picture of sounds of one rate, and a player for each of the first 64."""
    picture = base64.b64encode(_picture(sounds, title)).decode("ascii")
    players = "".join(
        f'<figure style="display: inline-block; margin: 0 1em 0 0"><figcaption>{escaping.escape(sound.name)}'
        f"</figcaption>{_player(sound)}</figure>"
        for sound in sounds[:_MOST_PLAYERS]
    )
    alt = escaping.escape(f"Waveforms and spectrograms: {title}", quote=True)
    return f'<img alt="{alt}" style="max-width: 100%" src="data:image/png;base64,{picture}"><div>{players}</div>'


def _picture(sounds: Sequence[Sound], title: str) -> bytes:
    file = BytesIO()
    mono = [each.samples if each.samples.ndim == 1 else waveform.mean_of_columns(each.samples) for each in sounds]
    save_morph_plot(file, {title: mono}, sounds[0].rate_hz, [[each.name for each in sounds]], "sound")
    return file.getvalue()


def _player(sound: Sound) -> str:
    from IPython.display import Audio

    # A given sound may exceed full scale, which the player would refuse.
    samples = sound.samples / max(1.0, waveform.peak(sound.samples))
    return Audio(np.ascontiguousarray(samples.T), rate=sound.rate_hz, normalize=False)._repr_html_()
