"""Harmonics and noise of a voice, from controls."""

import keras
import numpy as np
import pytest

from audio_vae.audio.hat_bands import hats, mel_band_weights, mel_positions
from audio_vae.layers.voice_synthesis import _DISPERSION, SILENCE_DB, VoiceSynthesis

RATE_HZ, T, HOP, N_VOICE, N_NOISE = 8000, 2048, 64, 12, 10
SILENT = -40.0


@pytest.fixture(scope="module")
def synthesis():
    return VoiceSynthesis(RATE_HZ, T, HOP)


def controls(n_sounds=1, pitch_hz=120.0, voice=SILENT, noise=SILENT):
    shape = (n_sounds, T // HOP)
    return [
        np.broadcast_to(np.asarray(value, np.float32), (*shape, size)).copy()
        for value, size in ((np.log2(pitch_hz), 1), (voice, N_VOICE), (noise, N_NOISE))
    ]


def decoded(synthesis, values):
    return keras.ops.convert_to_numpy(synthesis(values))


def floor():
    return 10 ** (SILENCE_DB / 20)


def slow_harmonics(pitch_hz, voice):
    """One sound, sample by sample; pitch `[frames]` and levels `[frames, bands]` at the frames' starts."""
    ends = np.append(np.arange(len(pitch_hz)) * HOP, len(pitch_hz) * HOP)
    samples = np.arange(T)
    pitch = np.interp(samples, ends, np.append(pitch_hz, pitch_hz[-1]))
    phase = np.concatenate([[0], np.cumsum((pitch[:-1] + pitch[1:]) / 2)]) / RATE_HZ
    audio = np.zeros(T)
    for k in range(1, int(RATE_HZ / 2 / 65) + 1):
        levels = []
        for frame in range(len(ends)):
            frame = min(frame, len(pitch_hz) - 1)
            hz = k * pitch_hz[frame]
            position = np.clip(mel_positions(np.array([hz]), N_VOICE, RATE_HZ), 0, N_VOICE - 1)
            level = np.exp((hats(position, N_VOICE) @ voice[frame])[0])
            levels.append(max(level - floor(), 0) * np.clip((RATE_HZ / 2 - hz) / (0.05 * RATE_HZ), 0, 1))
        audio += np.interp(samples, ends, levels) * np.sin(2 * np.pi * (k * phase + _DISPERSION / 6 * k**2))
    return audio


@pytest.mark.parametrize("pitch_hz", [(80, 80), (120, 180), (440, 300)])
def test_harmonics_equal_a_slow_reference(synthesis, rng, pitch_hz):
    pitch_hz = np.linspace(*pitch_hz, T // HOP)
    voice = rng.normal(-4, 1, (T // HOP, N_VOICE))
    found = decoded(synthesis, controls(pitch_hz=pitch_hz[None, :, None], voice=voice))[0]
    expected = slow_harmonics(pitch_hz, voice)
    assert np.abs(expected).max() > 0.02
    np.testing.assert_allclose(found, expected, atol=0.01 * np.abs(expected).max())


def test_a_band_of_the_voice_is_a_formant(synthesis):
    voice = np.full(N_VOICE, SILENT)
    voice[6] = -1.0
    audio = decoded(synthesis, controls(voice=voice))[0]
    power = np.abs(np.fft.rfft(audio * np.hanning(T))) ** 2
    frequencies_hz = np.fft.rfftfreq(T, 1 / RATE_HZ)
    shares = mel_band_weights(frequencies_hz, N_VOICE, RATE_HZ).T @ power
    assert shares.argmax() == 6
    # All of it lies at multiples of the pitch.
    from_multiple_hz = np.abs(frequencies_hz - 120 * np.round(frequencies_hz / 120))
    assert power[from_multiple_hz < 12].sum() > 0.999 * power.sum()


def test_no_harmonic_folds_back(synthesis):
    audio = decoded(synthesis, controls(pitch_hz=440.0, voice=-1.0))[0]
    power = np.abs(np.fft.rfft(audio * np.hanning(T))) ** 2
    frequencies_hz = np.fft.rfftfreq(T, 1 / RATE_HZ)
    from_multiple_hz = np.abs(frequencies_hz - 440 * np.round(frequencies_hz / 440))
    assert power[from_multiple_hz < 15].sum() > 0.9999 * power.sum()


def test_noise_has_the_level_and_band_of_its_control(synthesis):
    noise = np.full(N_NOISE, SILENT)
    noise[7] = np.log(0.1)
    audio = decoded(synthesis, controls(noise=noise))[0]
    assert np.sqrt(np.mean(audio**2)) == pytest.approx(0.1, rel=0.05)
    weights = mel_band_weights(np.fft.rfftfreq(T, 1 / RATE_HZ), N_NOISE, RATE_HZ)
    assert (weights.T @ np.abs(np.fft.rfft(audio)) ** 2).argmax() == 7


def test_levels_follow_the_frames(synthesis):
    noise = np.full((T // HOP, N_NOISE), SILENT)
    noise[:10] = -1.0
    audio = decoded(synthesis, controls(noise=noise))[0]
    assert np.abs(audio[: 9 * HOP]).max() > 0.1
    np.testing.assert_array_equal(audio[10 * HOP :], 0)


def test_silence_is_exact(synthesis):
    np.testing.assert_array_equal(decoded(synthesis, controls()), 0)


@pytest.mark.parametrize("value", [-1e4, 1e4])
def test_extreme_controls_stay_finite(synthesis, value):
    values = [np.full_like(each, value) for each in controls()]
    audio = decoded(synthesis, values)
    assert np.all(np.isfinite(audio))
    assert np.abs(audio).max() < 1000


def test_pitch_has_no_gradient_and_levels_have(synthesis):
    tf = pytest.importorskip("tensorflow")
    values = [tf.constant(each) for each in controls(voice=-3.0, noise=-3.0)]
    with tf.GradientTape() as tape:
        tape.watch(values)
        loss = tf.reduce_sum(tf.square(synthesis(values)))
    of_pitch, of_voice, of_noise = tape.gradient(loss, values)
    assert of_pitch is None
    assert np.abs(of_voice).max() > 0
    assert np.abs(of_noise).max() > 0


def test_a_sound_does_not_depend_on_its_batch_or_call(synthesis, rng):
    values = [each + rng.normal(0, 0.1, each.shape).astype("float32") for each in controls(3, voice=-3.0, noise=-4.0)]
    together = decoded(synthesis, values)
    again = VoiceSynthesis.from_config(synthesis.get_config())
    np.testing.assert_array_equal(decoded(again, values), together)
    for i, each in enumerate(together):
        np.testing.assert_allclose(decoded(synthesis, [value[i : i + 1] for value in values])[0], each, atol=2e-4)


@pytest.mark.parametrize("n_samples", [64, 2016, 2048])
def test_a_last_frame_is_cut(n_samples):
    n_frames = -(-n_samples // HOP)
    values = [each[:, :n_frames] for each in controls(voice=-3.0, noise=-4.0)]
    layer = VoiceSynthesis(RATE_HZ, n_samples, HOP)
    assert decoded(layer, values).shape == (1, n_samples) == layer.compute_output_shape([v.shape for v in values])


def test_harmonic_share_is_that_of_what_is_heard(synthesis, rng):
    values = controls(voice=rng.normal(-4, 0.3, N_VOICE), noise=rng.normal(-3.5, 0.3, N_NOISE))
    silent = controls()
    powers = [
        np.mean(decoded(synthesis, each)[:, HOP:] ** 2)
        for each in ([values[0], values[1], silent[2]], [values[0], silent[1], values[2]])
    ]
    share = keras.ops.convert_to_numpy(synthesis.harmonic_share(values))
    assert share.shape == (1, T // HOP)
    np.testing.assert_allclose(share, powers[0] / sum(powers), rtol=0.05)
    assert 0.2 < share[0, 0] < 0.8
    np.testing.assert_array_equal(synthesis.harmonic_share(silent), 0)
