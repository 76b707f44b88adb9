import numpy as np
import pytest
from noisy_tones import noisy_tones

from audio_vae.config import Config
from audio_vae.digits.dataset import DATASET
from audio_vae.evaluation import metrics
from audio_vae.evaluation.mfcc import mfcc
from audio_vae.reproduction import bounds


def test_sounds_are_cut_hard():
    config = Config("digits", "cc")
    assert bounds.cut_hard(config).audio.fade_s == 0.0
    assert bounds.cut_hard(config).model == config.model


def test_medoid_is_the_sequence_between_the_others():
    sequences = [np.full((4, 2), float(level)) for level in (0, 9, 4)]
    np.testing.assert_array_equal(bounds.medoid(sequences), sequences[2])


def test_every_bound_is_measured(rng):
    measured = bounds.bounds(noisy_tones(rng, 6))
    assert list(measured) == [*bounds.DEVIATIONS, bounds.ONE_NN]
    assert measured[bounds.ONE_NN] == 1.0
    assert np.isfinite(list(measured.values())).all()
    # What is of the sounds that are compared with it is nearer to them than what is not.
    assert measured["medoid of the test takes"] < measured["medoid of the training takes"]


def test_bounds_on_the_real_recordings(shared_data):
    """The figures that benchmarks/bounds.py notes for jackson: Eq. 2 on real sounds, MFCCs of all 4096 samples."""
    config = bounds.cut_hard(DATASET.make_config("cc", speakers=("jackson",)))
    sounds = DATASET.prepare(config, shared_data / "fsdd").sounds
    features = [mfcc(samples, sounds.rate_hz) for samples in sounds.audio]
    of_train, of_test = [], []
    for label in range(10):
        chosen = sounds.of_class(label)
        test = [features[position] for position in chosen if sounds.is_test[position]]
        train = [features[position] for position in chosen if not sounds.is_test[position]]
        of_train.append(metrics.mfcc_dtw_deviation(bounds.medoid(train), test).mean())
        of_test.append(metrics.mfcc_dtw_deviation(bounds.medoid(test), test).mean())
    assert np.mean(of_train) == pytest.approx(0.18, abs=0.01)
    assert np.mean(of_test) == pytest.approx(-1.10, abs=0.01)
    assert bounds.one_nn_by_dtw(features, sounds) == pytest.approx(0.98)
