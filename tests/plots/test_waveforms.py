"""Pictures of waveforms."""

import numpy as np

from audio_vae.plots import latent_map, waveforms


def test_many_classes_are_drawn_up_to_a_limit(tmp_path, rng):
    sounds = {f"class_{number}": rng.normal(size=64) for number in range(waveforms.MOST_PANELS + 5)}
    waveforms.save_centres(tmp_path / "centres.png", sounds, 8000)
    labels = np.arange(len(sounds))
    latent_map.save_latent_map(tmp_path / "map.png", rng.normal(size=(len(sounds), 3)), labels, list(sounds), seed=0)
    assert (tmp_path / "centres.png").stat().st_size > 0
    assert (tmp_path / "map.png").stat().st_size > 0
