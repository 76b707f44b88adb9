"""The pitch of voices, compared with sounds of a known pitch, a slow reference and pYIN."""

import numpy as np
import pytest
from keras import ops

from audio_vae.audio.voice_pitch import HIGHEST_HZ, LOWEST_HZ, candidates_hz, voice_pitch

RATE_HZ, HOP = 8000, 64


def pulses(pitch_hz, n_samples=4096):
    """A sound of a constant or moving pitch, with all harmonics below 3.5 kHz, weaker towards the top."""
    pitch_hz = np.broadcast_to(pitch_hz, (n_samples,))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    n_harmonics = int(3500 / pitch_hz.max())
    return sum(np.sin(k * phase + k * k) / k for k in range(1, n_harmonics + 1)).astype("float32") / 2


def found(audio, **changes):
    octaves, periodicity = voice_pitch(np.atleast_2d(audio), changes.get("rate_hz", RATE_HZ), HOP)
    return ops.convert_to_numpy(octaves), ops.convert_to_numpy(periodicity)


@pytest.mark.parametrize("pitch_hz", [70, 98, 137, 211, 300, 420])
def test_constant_pitch(pitch_hz):
    octaves, periodicity = found(pulses(pitch_hz))
    inside = slice(5, -5)
    np.testing.assert_allclose(octaves[0, inside], np.log2(pitch_hz), atol=1 / 48)
    assert np.all(periodicity[0, inside] > 0.9)


def test_moving_pitch():
    pitch_hz = np.linspace(100, 160, 4096)
    octaves, periodicity = found(pulses(pitch_hz))
    np.testing.assert_allclose(octaves[0, 5:-5], np.log2(pitch_hz[::HOP][5:-4]), atol=1 / 24)
    assert np.all(periodicity[0, 5:-5] > 0.7)


def test_noise_and_silence_have_no_pitch(rng):
    noise = rng.normal(0, 0.3, 4096)
    _, periodicity = found(np.stack([noise, 0 * noise]).astype("float32"))
    assert periodicity[0].mean() < 0.4
    np.testing.assert_array_equal(periodicity[1], 0)


def test_a_missing_fundamental_is_heard():
    phase = 2 * np.pi * 120 * np.arange(4096) / RATE_HZ
    octaves, _ = found(sum(np.sin(k * phase) for k in range(3, 9)).astype("float32") / 8)
    np.testing.assert_allclose(octaves[0, 5:-5], np.log2(120), atol=1 / 48)


def test_a_frame_is_not_taken_an_octave_off():
    # For a few frames every second pulse is weaker, as in a creaky voice.
    audio = pulses(200)
    period = RATE_HZ // 200
    for start in range(1600, 2200, 2 * period):
        audio[start : start + period] *= 0.6
    octaves, _ = found(audio)
    np.testing.assert_allclose(octaves[0, 5:-5], np.log2(200), atol=1 / 24)


def test_periodicity_is_the_autocorrelation_over_that_of_the_window(rng):
    audio = (pulses(150) + rng.normal(0, 0.1, 4096)).astype("float32")
    octaves, periodicity = found(audio)
    window = np.hanning(513)[:-1]
    padded = np.pad(audio.astype(float), 256)
    # In circles, as a Fourier transform of the window's length gives it, at a whole period.
    for frame in (20, 33):
        samples = padded[frame * HOP : frame * HOP + 512] * window
        period = RATE_HZ / 2 ** octaves[0, frame]
        lags = [
            [np.sum(each * np.roll(each, lag)) / np.sum(each**2) for each in (samples, window)]
            for lag in (int(period), int(period) + 1)
        ]
        (low, of_low), (high, of_high) = lags
        expected = np.interp(period % 1, [0, 1], [low / of_low, high / of_high])
        assert periodicity[0, frame] == pytest.approx(expected, abs=0.02)


def test_the_same_at_another_rate():
    phase = 2 * np.pi * 150 * np.arange(8192) / 16000
    octaves, _ = found(sum(np.sin(k * phase) / k for k in range(1, 9)).astype("float32") / 2, rate_hz=16000)
    np.testing.assert_allclose(octaves[0, 10:-10], np.log2(150), atol=1 / 48)


def test_candidates_are_the_range_of_voices():
    candidates = candidates_hz()
    assert candidates[0] == LOWEST_HZ
    assert candidates[-1] == pytest.approx(HIGHEST_HZ, rel=0.02)
    np.testing.assert_allclose(np.diff(np.log2(candidates)), 1 / 48)


def test_it_agrees_with_pyin_on_real_voices(shared_data):
    import librosa
    import soundfile

    differences = []
    for speaker in ("jackson", "nicolas", "theo"):
        for digit in (0, 1, 8, 9):
            audio, rate_hz = soundfile.read(shared_data / "fsdd" / f"{digit}_{speaker}_3.wav", dtype="float32")
            audio = audio[:4096] / np.abs(audio).max()
            octaves, periodicity = found(audio)
            expected_hz, is_voiced, _ = librosa.pyin(
                audio, fmin=LOWEST_HZ, fmax=400, sr=rate_hz, frame_length=512, hop_length=HOP
            )
            n_frames = min(len(expected_hz), octaves.shape[1])
            both = is_voiced[:n_frames] & (periodicity[0, :n_frames] > 0.7)
            differences.append(octaves[0, :n_frames][both] - np.log2(expected_hz[:n_frames][both]))
    differences = np.abs(np.concatenate(differences))
    assert len(differences) > 200
    assert np.median(differences) < 1 / 48
    assert np.mean(differences > 0.1) < 0.05
