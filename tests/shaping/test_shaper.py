"""Sounds between sounds: exact ends, descriptors between them, and ends that are hard to bring together."""

import numpy as np
import pytest

from audio_vae.audio import waveform
from audio_vae.audio.descriptors import describe
from audio_vae.drums import synth
from audio_vae.shaping.shaper import Shaper

RATE_HZ = 22050


def drum(rng, frequency_hz=120.0, decay_s=0.08, noise=0.2, duration_s=0.4, lead_s=0.0, n_channels=1, rate_hz=RATE_HZ):
    """A damped tone and noise, in 24 bits."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    tone = np.sin(2 * np.pi * frequency_hz * time_s)[:, None]
    sound = (tone + noise * rng.standard_normal((len(time_s), n_channels))) * np.exp(-time_s / decay_s)[:, None]
    sound = np.concatenate([np.zeros((round(lead_s * rate_hz), n_channels)), 0.7 * sound / np.abs(sound).max()])
    return sound.astype(np.float32)


def hat(rng, **options):
    return np.diff(drum(rng, noise=50, decay_s=0.03, **options), axis=0, prepend=np.float32(0)) / np.float32(2)


@pytest.mark.parametrize("n_channels", [1, 2])
def test_ends_are_the_given_sounds_sample_for_sample(rng, n_channels):
    ends = [drum(rng, n_channels=n_channels), hat(rng, n_channels=n_channels)]
    shaper = Shaper(ends, RATE_HZ)
    np.testing.assert_array_equal(shaper.sound([1, 0]), ends[0])
    np.testing.assert_array_equal(shaper.sound([0, 1]), ends[1])


def test_descriptors_of_steps_lie_between_those_of_the_ends(rng):
    ends = [drum(rng, duration_s=0.8, decay_s=0.15), hat(rng, lead_s=0.01)]
    shaper = Shaper(ends, RATE_HZ)
    first, last = (np.array(describe(end, RATE_HZ)) for end in ends)
    least = np.array([3, 20, 10, 0.25, 5])
    for share in (0.25, 0.5, 0.75):
        found = np.array(describe(shaper.sound([1 - share, share]), RATE_HZ))
        outside = np.maximum(np.minimum(first, last) - found, found - np.maximum(first, last))
        assert (outside < 0.6 * np.maximum(np.abs(last - first), least)).all()
        assert found[0] == pytest.approx((1 - share) * first[0] + share * last[0], abs=1.5)
        assert found[3] == pytest.approx((1 - share) * first[3] + share * last[3], abs=0.7)


def test_two_pitches_meet(rng):
    ends = [drum(rng, 100, noise=0.01), drum(rng, 200, noise=0.01)]
    middle = Shaper(ends, RATE_HZ).sound([0.5, 0.5])[:, 0]
    spectrum = np.abs(np.fft.rfft(middle, 1 << 16))
    strongest_hz = np.fft.rfftfreq(1 << 16, 1 / RATE_HZ)[spectrum.argmax()]
    assert strongest_hz == pytest.approx(100 * np.sqrt(2), rel=0.08)


@pytest.mark.parametrize("factor", [1, -1])
def test_between_equal_or_inverted_ends_all_steps_equal_them(rng, factor):
    sound = drum(rng)
    shaper = Shaper([sound, factor * sound], RATE_HZ)
    for share in (0.2, 0.5, 0.8):
        np.testing.assert_array_equal(np.abs(shaper.sound([1 - share, share])), np.abs(sound))


def test_nearly_inverted_ends_do_not_cancel(rng):
    sound = drum(rng)
    middle = Shaper([sound, -0.9 * sound], RATE_HZ).sound([0.5, 0.5])
    expected = (describe(sound, RATE_HZ).loudness_db + describe(0.9 * sound, RATE_HZ).loudness_db) / 2
    assert describe(middle, RATE_HZ).loudness_db == pytest.approx(expected, abs=0.5)


@pytest.mark.parametrize("durations_s", [(0.02, 3.0), (3.0, 0.02), (0.02, 0.02)])
def test_very_short_and_very_long_ends(rng, durations_s):
    ends = [drum(rng, duration_s=each, decay_s=each / 5) for each in durations_s]
    made = Shaper(ends, RATE_HZ).sound([0.5, 0.5])
    assert len(made) == round(sum(map(len, ends)) / 2)
    assert np.isfinite(made).all()
    assert waveform.peak(made) > 0.02


def test_steps_have_no_click_no_constant_level_and_stay_below_full_scale(rng):
    ends = [waveform.normalised(drum(rng) + np.float32(0.05)), waveform.normalised(hat(rng))]
    made = Shaper(ends, RATE_HZ).sound([0.5, 0.5])
    assert np.abs(made[[0, -1]]).max() < 1e-3
    assert abs(made.mean()) < 2e-3
    assert waveform.true_peak(made, RATE_HZ) <= 10 ** (-0.3 / 20) + 1e-6


def test_beyond_an_end_descriptors_go_on(rng):
    ends = [drum(rng, decay_s=0.1), drum(rng, decay_s=0.05)]
    made = describe(Shaper(ends, RATE_HZ).sound([1.25, -0.25]), RATE_HZ)
    assert made.decay_ms > describe(ends[0], RATE_HZ).decay_ms


def test_three_sounds(rng):
    ends = [drum(rng), hat(rng), drum(rng, 300)]
    shaper = Shaper(ends, RATE_HZ)
    described = [describe(end, RATE_HZ).loudness_db for end in ends]
    made = shaper.sound([0.5, 0.3, 0.2])
    assert describe(made, RATE_HZ).loudness_db == pytest.approx(np.dot([0.5, 0.3, 0.2], described), abs=1)


def test_the_length_can_be_chosen_and_bands_be_moved(rng):
    shaper = Shaper([drum(rng), hat(rng)], RATE_HZ)
    assert len(shaper.sound([0.5, 0.5], 1234)) == 1234
    moves_db = np.zeros((18, 80))
    moves_db[4] = 6
    plain, moved = shaper.sound([0.5, 0.5]), shaper.sound([0.5, 0.5], moves_db=moves_db)
    assert not np.array_equal(plain, moved)


def test_the_same_sounds_give_the_same_bytes(rng):
    ends = [drum(rng), hat(rng)]
    first, second = (Shaper(ends, RATE_HZ).sound([0.4, 0.6]) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_silence_is_refused(rng):
    with pytest.raises(ValueError, match="received silence"):
        Shaper([drum(rng), np.zeros((100, 1), np.float32)], RATE_HZ)


def loudness_db(sound, rate_hz=RATE_HZ):
    return describe(sound, rate_hz).loudness_db


@pytest.mark.parametrize("lead_s", [0.0, 0.01, 0.05, 0.2])
def test_silence_before_the_onset_takes_nothing_from_the_steps(lead_s):
    kinds = {}
    for _, kind, samples in synth.kit(44100, 1, seed=1):
        kinds[kind] = np.concatenate([np.zeros(round(lead_s * 44100), np.float32), samples])[:, None]
    ends = [kinds["snare"], kinds["hihat"]]
    shaper, described = Shaper(ends, 44100), [describe(end, 44100) for end in ends]
    for share in (0.25, 0.5, 0.75):
        found = describe(shaper.sound([1 - share, share]), 44100)
        wanted_db = (1 - share) * described[0].loudness_db + share * described[1].loudness_db
        assert found.loudness_db == pytest.approx(wanted_db, abs=0.5)
        assert described[1].decay_ms < found.decay_ms < described[0].decay_ms
        assert found.attack_ms < 9


def test_a_step_that_is_shorter_than_a_lead_is_heard(rng):
    ends = [drum(rng, duration_s=0.1, decay_s=0.03), drum(rng, lead_s=0.3, duration_s=0.4)]
    shaper = Shaper(ends, RATE_HZ)
    for share in (0.5, 0.75):
        step = shaper.sound([1 - share, share], len(ends[0]))
        assert len(step) == len(ends[0])
        assert loudness_db(step) > min(map(loudness_db, ends)) - 3


def test_beyond_an_end_a_short_sound_has_the_loudness_that_lies_there(rng):
    ends = [drum(rng, 1500, duration_s=0.01, decay_s=0.002, noise=0), drum(rng)]
    shaper, levels_db = Shaper(ends, RATE_HZ), [loudness_db(end) for end in ends]
    # Nearer to the end, the true peak allows less.
    for position in (-0.5, -1.0):
        wanted_db = (1 - position) * levels_db[0] + position * levels_db[1]
        assert loudness_db(shaper.sound([1 - position, position])) == pytest.approx(wanted_db, abs=0.5)
