import keras
import numpy as np
import pytest

from audio_vae.oscillators import HIGHEST, LOWEST, Oscillators

N_TONES, HOP, N_FRAMES = 5, 8, 6


def reference(amplitudes, offsets, layer):
    """Sample by sample, with the phase as a running sum (trapezoids, exact for what is linear)."""
    n_sounds, n_frames, n_tones = amplitudes.shape
    reach = layer.frequencies[1] / layer.frequencies[0] - 1
    out = np.zeros((n_sounds, n_frames * layer.hop))
    for sound in range(n_sounds):
        for tone in range(n_tones):
            phase = tone * (5**0.5 - 1) / 2

            def moved(t, sound=sound, tone=tone):
                starts = np.arange(n_frames) * layer.hop
                return reach * np.interp(t, starts, np.tanh(offsets[sound, :, tone]))

            for t in range(n_frames * layer.hop):
                loudness = np.interp(t, np.arange(n_frames) * layer.hop, amplitudes[sound, :, tone])
                out[sound, t] += loudness * np.sin(2 * np.pi * phase)
                phase += layer.frequencies[tone] * (1 + (moved(t) + moved(t + 1)) / 2)
    return out


def controls(rng, n_frames=N_FRAMES):
    return rng.normal(size=(2, n_frames, 2 * N_TONES)).astype(np.float32)


def test_output_is_the_running_sum_of_phases(rng):
    layer = Oscillators(N_TONES, HOP)
    inputs = controls(rng)
    out = keras.ops.convert_to_numpy(layer(inputs))
    assert out.shape == (2, N_FRAMES * HOP, 1)
    np.testing.assert_allclose(out[..., 0], reference(*np.split(inputs, 2, axis=-1), layer), atol=2e-5)


@pytest.mark.parametrize("tone", [0, 3, 19])
def test_a_tone_lasts_at_its_pitch(tone):
    layer = Oscillators(20, 32)
    inputs = np.zeros((1, 256, 40), np.float32)
    inputs[..., tone] = 1
    out = keras.ops.convert_to_numpy(layer(inputs))[0, :, 0]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)), 8 * len(out)))
    assert np.argmax(spectrum) / (8 * len(out)) == pytest.approx(layer.frequencies[tone], abs=2e-5)


def test_pitch_moves_to_the_neighbours():
    layer = Oscillators(20, 32)
    inputs = np.zeros((1, 256, 40), np.float32)
    inputs[..., 10], inputs[..., 30] = 1, 10
    out = keras.ops.convert_to_numpy(layer(inputs))[0, :, 0]
    spectrum = np.abs(np.fft.rfft(out * np.hanning(len(out)), 8 * len(out)))
    assert np.argmax(spectrum) / (8 * len(out)) == pytest.approx(layer.frequencies[11], abs=2e-5)


def test_a_long_sound_is_in_phase_to_its_end():
    """Phases are not summed in float32, which would be a hundredth of a cycle off here."""
    layer = Oscillators(2, 32)
    inputs = np.zeros((1, 2048, 4), np.float32)
    inputs[..., 1] = 1
    out = keras.ops.convert_to_numpy(layer(inputs))[0, :, 0]
    expected = np.sin(2 * np.pi * (HIGHEST * np.arange(len(out)) + (5**0.5 - 1) / 2))
    np.testing.assert_allclose(out, expected, atol=2e-5)


def test_frequencies_are_equally_spaced_in_pitch():
    frequencies = Oscillators(9).frequencies
    np.testing.assert_allclose(frequencies[[0, -1]], [LOWEST, HIGHEST])
    np.testing.assert_allclose(frequencies[1:] / frequencies[:-1], (HIGHEST / LOWEST) ** (1 / 8))


def test_config_round_trip():
    layer = Oscillators(7, 16, name="tones")
    copy = Oscillators.from_config(layer.get_config())
    assert (copy.n_tones, copy.hop, copy.name) == (7, 16, "tones")
    assert layer.compute_output_shape((None, 4, 14)) == (None, 64, 1)


@pytest.mark.parametrize(
    ("values", "message"), [({"n_tones": 1}, "2 tones or more"), ({"hop": 0}, "a hop of 1 sample or more")]
)
def test_values_out_of_range(values, message):
    with pytest.raises(ValueError, match=message):
        Oscillators(**values)
