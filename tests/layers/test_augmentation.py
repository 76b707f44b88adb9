import keras
import numpy as np
import pytest
from keras import ops

from audio_vae.config import AugmentationConfig
from audio_vae.layers.augmentation import Augmentation, build_augmentation


def tone(n_samples=400, period=20.0):
    return np.sin(2 * np.pi * np.arange(n_samples) / period).astype(np.float32)[None]


def fixed(layer, monkeypatch, *draw):
    """Let the layer draw these three numbers of −1 to 1 (shift, speed, sign) for each sound."""
    monkeypatch.setattr(keras.random, "uniform", lambda shape, *_, **__: ops.ones(shape) * np.float32(draw))
    return layer


def test_contract(check_layer, rng):
    sounds = rng.standard_normal((3, 50)).astype(np.float32)
    # Nothing is drawn that shows, because a saved and a loaded model are compared call by call.
    check_layer(Augmentation, {"seed": 1}, sounds, output_shape=(3, 50), n_trainable=0, n_parameters=0)


def test_a_saved_model_goes_on_with_the_next_draw(tmp_path, rng):
    sounds = rng.standard_normal((3, 50)).astype(np.float32)
    inputs = keras.Input((50,))
    model = keras.Model(inputs, Augmentation(shift=5.0, speed=0.1, polarity=True)(inputs))
    model(sounds)
    model.save(tmp_path / "model.keras")
    expected = model(sounds)
    np.testing.assert_array_equal(keras.saving.load_model(tmp_path / "model.keras")(sounds), expected)


@pytest.mark.parametrize(("draw", "shift"), [(1, 5), (-1, -5), (0.4, 2)])
def test_whole_shifts_move_samples(rng, monkeypatch, draw, shift):
    sounds = rng.standard_normal((2, 30)).astype(np.float32)
    moved = fixed(Augmentation(shift=5), monkeypatch, draw, 0, 1)(sounds)
    expected = np.zeros_like(sounds)
    if shift > 0:
        expected[:, shift:] = sounds[:, :-shift]
    else:
        expected[:, :shift] = sounds[:, -shift:]
    np.testing.assert_allclose(moved, expected, atol=1e-5)


@pytest.mark.parametrize("draw", [1.0, -1.0])
def test_speed_moves_the_pitch(monkeypatch, draw):
    faster = fixed(Augmentation(speed=0.1), monkeypatch, 0, draw, 1)(tone())
    expected = tone(period=20 / (1 + 0.1 * draw))
    np.testing.assert_allclose(faster[0, 5:300], expected[0, 5:300], atol=5e-3)


def test_polarity_turns_half_of_the_sounds_over():
    sounds = np.ones((400, 8), np.float32)
    signs = ops.convert_to_numpy(Augmentation(polarity=True, seed=3)(sounds))[:, 0]
    assert set(signs) == {-1, 1}
    assert 0.4 < (signs == 1).mean() < 0.6


def test_every_sound_and_call_has_its_own_draw():
    layer = Augmentation(shift=9.5, speed=0.2)
    sounds = np.repeat(tone(), 5, axis=0)
    first, second = (ops.convert_to_numpy(layer(sounds)) for _ in range(2))
    assert len(np.unique(np.concatenate([first, second]).round(5), axis=0)) == 10
    again = ops.convert_to_numpy(Augmentation(shift=9.5, speed=0.2)(sounds))
    np.testing.assert_array_equal(again, first)


def test_config():
    assert build_augmentation(AugmentationConfig(), 8000, 0) is None
    layer = build_augmentation(AugmentationConfig(shift_s=0.01, speed=0.03, polarity=True), 8000, 5)
    assert (layer.shift, layer.speed, layer.polarity, layer.seed) == (80, 0.03, True, 5)


@pytest.mark.parametrize("values", [{"shift_s": -1.0}, {"speed": 1.0}, {"speed": -0.1}])
def test_config_refuses(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        AugmentationConfig(**values)
