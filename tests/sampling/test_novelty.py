"""What is a copy, and what is new."""

import numpy as np

from audio_vae.sampling import novelty
from audio_vae.sampling.novelty import COPY_DB, TrainingSounds, decoded_cells_db, training_sounds


def test_a_training_sound_is_its_own_copy(toy_run):
    known = training_sounds(toy_run)
    found = known.nearest(known.latents[[3, 20]], known.cells_db([3, 20]))
    assert [each.index for each in found] == [3, 20]
    assert all(each.distance_db < 1e-9 for each in found)


def test_distance_grows_away_from_it(toy_run):
    known = training_sounds(toy_run)
    latents = known.latents[3] + np.float32([[0, 0, 0.05], [0, 0, 3]])
    near, far = known.nearest(latents, decoded_cells_db(toy_run.decode(latents), 8000))
    assert near.distance_db < COPY_DB < far.distance_db


def test_of_many_only_the_neighbours_in_the_latent_space_are_decoded(toy_run, monkeypatch):
    monkeypatch.setattr(novelty, "MOST_COMPARED", 5)
    known = TrainingSounds(toy_run)
    (found,) = known.nearest(known.latents[[7]], decoded_cells_db(toy_run.decode(known.latents[[7]]), 8000))
    assert found.index == 7
    assert len(known._cells) == 5


def test_test_sounds_do_not_count(tone_run):
    assert training_sounds(tone_run).names == tuple(f"take{row}.wav" for row in (0, 1, 2, 4, 5, 6))
    assert training_sounds(tone_run) is training_sounds(tone_run)


def test_silence_has_cells_too():
    assert decoded_cells_db(np.zeros((1, 512), np.float32), 8000)[0].shape == (32, 1)
