"""1-NN accuracy, the deviation, and the measures of reconstructions."""

import numpy as np
import pytest

from audio_vae.audio import dtw
from audio_vae.evaluation import metrics


def test_deviation_by_hand():
    # Sequences of one frame, so DTW is the distance of two numbers: the sounds are 0, 1 and 3, the centre 2.
    sounds = [np.array([[value]]) for value in (0.0, 1.0, 3.0)]
    deviation = metrics.mfcc_dtw_deviation(np.array([[2.0]]), sounds)
    # To the others: 0 → {1, 3}, 1 → {1, 2}, 3 → {3, 2}; means 2, 1.5, 2.5; standard deviations 1, 0.5, 0.5.
    np.testing.assert_allclose(deviation, [(2 - 2) / 1, (1 - 1.5) / 0.5, (1 - 2.5) / 0.5])


def test_deviation_takes_distances_that_are_known_already(rng):
    sounds = list(rng.normal(size=(4, 6, 3)))
    centre = rng.normal(size=(6, 3))
    np.testing.assert_array_equal(
        metrics.mfcc_dtw_deviation(centre, sounds, dtw.dtw_matrix(sounds)),
        metrics.mfcc_dtw_deviation(centre, sounds),
    )


def test_deviation_of_equally_far_sounds_is_nan():
    deviation = metrics.mfcc_dtw_deviation(np.array([[1.0]]), [np.array([[0.0]])] * 3)
    assert np.isnan(deviation).all()


@pytest.mark.parametrize("n_sounds", [0, 1, 2])
def test_deviation_takes_three_sounds(n_sounds):
    with pytest.raises(ValueError, match=f"at least 3 sounds of a class, received: {n_sounds}"):
        metrics.mfcc_dtw_deviation(np.zeros((4, 3)), [np.zeros((4, 3))] * n_sounds)


def test_one_nn_by_hand():
    train = np.array([[0.0, 0], [10, 0], [0, 10]])
    test = np.array([[1.0, 1], [9, 1], [1, 9], [2, 0]])
    assert metrics.one_nn_accuracy(train, np.array([0, 1, 2]), test, np.array([0, 1, 2, 1])) == 0.75


@pytest.mark.parametrize(("n_train", "n_test"), [(0, 2), (2, 0)])
def test_one_nn_takes_both_sets(n_train, n_test):
    with pytest.raises(ValueError, match=f"received: {n_train} train, {n_test} test"):
        metrics.one_nn_accuracy(np.zeros((n_train, 2)), np.zeros(n_train), np.zeros((n_test, 2)), np.zeros(n_test))


def test_leave_one_out_by_hand():
    # The nearest others are at 1, 1.5, 1 and 1.5.
    assert metrics.leave_one_out_accuracy(np.array([[0.0], [1], [1.5], [9]]), np.array([0, 0, 1, 1])) == 0.5
    # A twin is the nearest other, never the sound itself.
    assert metrics.leave_one_out_accuracy(np.zeros((2, 1)), np.array([0, 1])) == 0
    assert metrics.leave_one_out_accuracy(np.zeros((1, 1)), np.array([0])) is None


def test_class_centres_are_means_and_nan_without_sounds():
    latents = np.array([[0.0, 2], [2, 4], [5, 5]])
    centres = metrics.class_centres(latents, np.array([0, 0, 2]), 3)
    np.testing.assert_array_equal(centres, [[1, 3], [np.nan, np.nan], [5, 5]])


def test_signal_to_noise_by_hand():
    audio = np.array([[1.0, -1], [1, 1], [1, 0]])
    reconstruction = np.array([[0.9, -0.9], [0, 0], [1, 0]])
    ratio_db = metrics.signal_to_noise_db(audio, reconstruction)
    np.testing.assert_allclose(ratio_db[:2], [20, 0], atol=1e-9)
    assert np.isfinite(ratio_db[2])
    assert ratio_db[2] > 100


RATE_HZ = 8000


def rising_tone(attack_s, frequency_hz, rate_hz=RATE_HZ, duration_s=0.5):
    """A sine whose amplitude rises along a line and stays."""
    time_s = np.arange(round(duration_s * rate_hz)) / rate_hz
    return np.clip(time_s / attack_s, 0, 1) * np.sin(2 * np.pi * frequency_hz * time_s)


class TestAttackTime:
    @pytest.mark.parametrize("attack_s", [0.02, 0.1, 0.3])
    @pytest.mark.parametrize(("frequency_hz", "rate_hz"), [(440, 8000), (3000, 8000), (440, 22050)])
    def test_of_a_linear_ramp_is_the_share_of_it_between_the_levels(self, attack_s, frequency_hz, rate_hz):
        audio = rising_tone(attack_s, frequency_hz, rate_hz)[np.newaxis]
        assert metrics.attack_time_s(audio, rate_hz) == pytest.approx([(0.9 - 0.2) * attack_s], rel=0.01)

    @pytest.mark.parametrize("delay", [0, 1, 500])
    def test_does_not_depend_on_level_or_on_when_the_sound_starts(self, delay):
        tone = rising_tone(0.03, 440)
        late = 0.01 * np.concatenate([np.zeros(delay), tone])[: len(tone)]
        expected = metrics.attack_time_s(tone[np.newaxis], RATE_HZ)
        np.testing.assert_allclose(metrics.attack_time_s(late[np.newaxis], RATE_HZ), expected, rtol=0.01)

    @pytest.mark.parametrize("rate_hz", [8000, 22050, 44100])
    def test_of_a_tone_that_starts_at_once_is_that_of_the_smoothing(self, rate_hz):
        tone = rising_tone(1e-9, 3000, rate_hz)[np.newaxis]
        assert metrics.attack_time_s(tone, rate_hz) == pytest.approx([0.002], abs=0.0002)

    def test_of_a_maximum_long_after_the_attack(self):
        tone = rising_tone(0.02, 440)
        swelling = tone * np.linspace(1, 1.05, len(tone))
        # The level of the attack's end is one of the envelope's maximum, which is 5 % above the ramp's end.
        assert metrics.attack_time_s(swelling[np.newaxis], RATE_HZ) == pytest.approx([0.75 * 0.02], rel=0.05)

    def test_equals_the_slow_reference(self, rng):
        n_samples, rate_hz = 600, 8000
        audio = rng.normal(size=(5, n_samples)) * np.exp(-np.arange(n_samples) / 100)
        np.testing.assert_allclose(
            metrics.attack_time_s(audio, rate_hz), [slow_attack_time_s(sound, rate_hz) for sound in audio], rtol=1e-6
        )

    @pytest.mark.parametrize("level", [0.0, 0.9e-4])
    def test_of_silence_is_nan_and_leaves_the_others_alone(self, level):
        tone = rising_tone(0.02, 440)
        silence = np.full_like(tone, level)
        both = metrics.attack_time_s(np.stack([silence, tone]), RATE_HZ)
        assert np.isnan(both[0])
        assert both[1] == metrics.attack_time_s(tone[np.newaxis], RATE_HZ)[0]

    @pytest.mark.parametrize("sound", [[1.0], [0.0, 1.0], [1.0] * 64], ids=["one sample", "two samples", "constant"])
    @pytest.mark.parametrize("rate_hz", [100, 1000, 44100])
    def test_of_odd_sounds_is_positive(self, sound, rate_hz):
        assert metrics.attack_time_s(np.array([sound]), rate_hz)[0] > 0


class TestStrongestFrequency:
    @pytest.mark.parametrize("frequency_hz", [33, 110.3, 2000])
    def test_of_a_decaying_tone_with_a_weaker_partial(self, frequency_hz):
        time_s = np.arange(8192) / RATE_HZ
        tone = sum(
            level * np.exp(-time_s / 0.2) * np.sin(2 * np.pi * ratio * frequency_hz * time_s)
            for level, ratio in ((1, 1), (0.5, 1.6))
        )
        assert metrics.strongest_frequency_hz(tone[np.newaxis], RATE_HZ) == pytest.approx([frequency_hz], abs=0.5)

    def test_of_silence_is_nan_and_a_level_is_not_heard(self):
        time_s = np.arange(RATE_HZ) / RATE_HZ
        hit = np.sin(2 * np.pi * 60 * time_s) * np.exp(-time_s / 0.05)
        found = metrics.strongest_frequency_hz(np.stack([np.zeros(RATE_HZ), hit, hit + 0.1]), RATE_HZ)
        assert np.isnan(found[0])
        assert found[1:] == pytest.approx([60, 60], abs=1)


def slow_attack_time_s(sound, rate_hz):
    """The envelope sample by sample; the analytic signal has no negative frequencies, and all others twice."""
    n_around = round(0.05 * rate_hz)
    padded = np.concatenate([np.zeros(n_around), sound, np.zeros(n_around)])
    spectrum = np.fft.fft(padded)
    frequencies = np.fft.fftfreq(len(padded))
    spectrum[(frequencies > 0) & (frequencies < 0.5)] *= 2
    spectrum[(frequencies < 0) & (frequencies > -0.5)] = 0
    amplitude = np.abs(np.fft.ifft(spectrum))
    window = np.hanning(round(0.005 * rate_hz) + 2)
    window /= window.sum()
    envelope = []
    for position in range(len(amplitude)):
        first = position - len(window) + 1 + (len(window) - 1) // 2
        total = 0.0
        for tap, weight in enumerate(window):
            if 0 <= first + tap < len(amplitude):
                total += weight * amplitude[first + tap]
        envelope.append(total)
    times = []
    for level in (0.2 * max(envelope), 0.9 * max(envelope)):
        after = next(position for position, value in enumerate(envelope) if value >= level)
        below, above = envelope[after - 1], envelope[after]
        times.append((after - 1 + (level - below) / (above - below)) / rate_hz)
    return times[1] - times[0]


class TestLogSpectralDistance:
    def test_of_a_sound_from_itself_is_0(self, rng):
        audio = rng.normal(size=(3, 1000))
        np.testing.assert_array_equal(metrics.log_spectral_distances_db(audio, audio, RATE_HZ)[0], 0)

    @pytest.mark.parametrize(("gain", "expected_db"), [(0.5, 6.0206), (2.0, 6.0206), (10.0, 20.0)])
    def test_of_a_sound_from_itself_at_another_level_is_the_gain(self, rng, gain, expected_db):
        # Noise from the first to the last sample has no bin near the floor.
        audio = rng.normal(size=(3, 4096))
        distance_db = metrics.log_spectral_distances_db(audio, gain * audio, RATE_HZ)[0]
        np.testing.assert_allclose(distance_db, expected_db, rtol=1e-4)

    @pytest.mark.parametrize("n_samples", [100, 256, 1000, 4096])
    def test_equals_the_slow_reference(self, rng, n_samples):
        audio, reconstruction = rng.normal(size=(2, 3, n_samples)) * 10.0 ** rng.uniform(-5, 0, (2, 3, n_samples))
        expected = [slow_log_spectral_distance_db(*pair) for pair in zip(audio, reconstruction, strict=True)]
        distance_db = metrics.log_spectral_distances_db(audio, reconstruction, RATE_HZ)[0]
        np.testing.assert_allclose(distance_db, expected, rtol=1e-9)

    def test_what_lies_below_the_floor_does_not_count(self, rng):
        audio = np.zeros((1, 4096))
        audio[0, :1024] = np.sin(np.arange(1024))
        hiss = rng.normal(0, 1e-6, audio.shape)
        assert metrics.log_spectral_distances_db(audio, audio + hiss, RATE_HZ)[0][0] < 0.01
        assert metrics.log_spectral_distances_db(audio, audio + 1000 * hiss, RATE_HZ)[0][0] > 1

    def test_what_lies_below_the_floor_counts_without_one(self, rng):
        audio = np.where(np.arange(4096) < 1024, rng.normal(size=(1, 4096)), 0)
        hiss = rng.normal(0, 1e-4, audio.shape)
        distances_db = [
            metrics.log_spectral_distances_db(audio, audio + level * hiss, RATE_HZ)[1][0] for level in (1, 10)
        ]
        assert distances_db[0] > 10
        # Three quarters of the frames are silence plus hiss.
        assert distances_db[1] - distances_db[0] == pytest.approx(20 * 3 / 4, rel=0.1)

    def test_equals_the_one_without_a_floor_where_all_is_loud(self, rng):
        audio, reconstruction = rng.normal(size=(2, 2, 4096))
        with_floor, without = metrics.log_spectral_distances_db(audio, reconstruction, RATE_HZ)
        np.testing.assert_allclose(with_floor, without, rtol=1e-6)

    def test_does_not_depend_on_the_level_of_both(self, rng):
        audio, reconstruction = rng.normal(size=(2, 1, 2048))
        expected = metrics.log_spectral_distances_db(audio, reconstruction, RATE_HZ)[0]
        found = metrics.log_spectral_distances_db(0.01 * audio, 0.01 * reconstruction, RATE_HZ)[0]
        np.testing.assert_allclose(found, expected)

    def test_of_silence(self, rng):
        audio = rng.normal(size=(2, 2048))
        audio[0] = 0
        from_silence = metrics.log_spectral_distances_db(audio, rng.normal(size=audio.shape), RATE_HZ)[0]
        assert np.isnan(from_silence[0])
        assert np.isfinite(from_silence[1])
        decoded_as_silence = metrics.log_spectral_distances_db(audio, np.zeros_like(audio), RATE_HZ)[0][1]
        assert 60 < decoded_as_silence <= 80


def slow_log_spectral_distance_db(sound, reconstruction, window=256, hop=128):
    """Frame by frame and bin by bin, 32 ms at 8 kHz."""
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)

    def magnitudes(samples):
        frames = []
        for frame in range(1 + int(np.ceil(len(samples) / hop))):
            cut = [
                samples[position] if 0 <= position < len(samples) else 0.0
                for position in range(frame * hop - hop, frame * hop - hop + window)
            ]
            frames.append(np.abs(np.fft.rfft(hann * np.array(cut))))
        return frames

    first, second = magnitudes(sound), magnitudes(reconstruction)
    floor = 1e-4 * max(frame.max() for frame in first)
    distances = []
    for one, other in zip(first, second, strict=True):
        squares = [
            (20 * np.log10(max(a, floor)) - 20 * np.log10(max(b, floor))) ** 2 for a, b in zip(one, other, strict=True)
        ]
        distances.append(np.sqrt(sum(squares) / len(squares)))
    return sum(distances) / len(distances)


def test_peak_level_error_by_hand():
    audio = np.array([[0.5, -1], [0.1, 0], [0, 0], [1, 0]])
    reconstruction = np.array([[0.1, 0.0], [0, -1], [0, 0], [0, 0]])
    # Silence counts as 80 dB below full scale.
    np.testing.assert_allclose(metrics.peak_level_error_db(audio, reconstruction), [-20, 20, 0, -80], atol=1e-9)


@pytest.mark.parametrize("shape", [(8,), (2, 0), (0, 8), (1, 2, 8)])
def test_sounds_of_other_shapes_are_refused(shape):
    audio = np.ones(shape)
    for call in (
        lambda: metrics.attack_time_s(audio, RATE_HZ),
        lambda: metrics.peak_time_s(audio, RATE_HZ),
        lambda: metrics.strongest_frequency_hz(audio, RATE_HZ),
        lambda: metrics.log_spectral_distances_db(audio, audio, RATE_HZ)[0],
        lambda: metrics.peak_level_error_db(audio, audio),
    ):
        with pytest.raises(ValueError, match=r"Expected sounds of the shape \[B, T\], received: \("):
            call()


@pytest.mark.parametrize(
    "measure", [lambda *pair: metrics.log_spectral_distances_db(*pair, RATE_HZ)[0], metrics.peak_level_error_db]
)
def test_reconstructions_of_another_shape_are_refused(measure):
    with pytest.raises(ValueError, match=r"of one shape, received: \(2, 8\) and \(1, 8\)"):
        measure(np.ones((2, 8)), np.ones((1, 8)))


class TestPeakTime:
    @pytest.mark.parametrize("n_samples", [1, 64, 65, 1000])
    def test_equals_a_convolution(self, rng, n_samples):
        audio = rng.normal(size=(5, n_samples)) * np.exp(-np.arange(n_samples) / 100)
        padded = [np.pad(np.abs(each), (0, 64)) for each in audio]
        expected = [np.convolve(each, np.ones(64) / 64, "same")[:n_samples].argmax() / RATE_HZ for each in padded]
        np.testing.assert_allclose(metrics.peak_time_s(audio, RATE_HZ), expected)

    def test_of_silence(self):
        audio = np.zeros((2, 500))
        audio[1, 300] = 0.5
        times_s = metrics.peak_time_s(audio, RATE_HZ)
        assert np.isnan(times_s[0])
        assert abs(times_s[1] * RATE_HZ - 300) <= 32
