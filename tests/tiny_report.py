"""A tiny run of noisy tones that can be evaluated in a second."""

import numpy as np

from audio_vae.config import AudioConfig, Config
from audio_vae.data.sound_set import SoundSet
from audio_vae.model_config import ModelConfig, PlainConfig
from audio_vae.models.vae import build_vae
from audio_vae.runs.create import create_run

RECONSTRUCTION = (
    "signal_to_noise_db",
    "log_spectral_distance_db",
    "attack_time_error_ms",
    "attack_time_error_relative",
    "strongest_frequency_error_octaves",
    "peak_level_error_db",
)


CLASSES = ("0", "1", "Hi/Hat $x^$ <b>")


DEVIATIONS = [
    f"mfcc_dtw_deviation{centres}{level}"
    for centres in ("", "_train_centres")
    for level in ("", "_peak_normalised", "_without_c0")
]


def make_sounds(rng, n_samples=512, n_train=4, n_test=3):
    """Noisy tones, a pitch a class."""
    labels = np.repeat(np.arange(3), n_train + n_test)
    tones = np.sin(np.arange(n_samples) * (0.2 + 0.3 * labels[:, None])) + rng.normal(0, 0.2, (len(labels), n_samples))
    return SoundSet(
        names=tuple(f"{number}.wav" for number in range(len(labels))),
        audio=(tones / np.abs(tones).max(axis=1, keepdims=True)).astype(np.float32),
        labels=labels.astype(np.int32),
        is_test=np.tile(np.arange(n_train + n_test) < n_test, 3),
        class_names=CLASSES,
        peaks=np.ones(len(labels), np.float32),
        lengths=np.full(len(labels), n_samples, np.int32),
        rate_hz=8000,
    )


def build_run(folder, sounds, preset="cc", n_classes=3):
    model = ModelConfig("cc", sounds.audio.shape[1], 3, n_classes, (4,), cc=PlainConfig(filters=(4, 4, 6, 6, 8)))
    config = Config(
        "digits", preset, audio=AudioConfig(n_samples=model.n_samples), model=model, data={"speakers": ["jackson"]}
    )
    run = create_run(folder, config)
    sounds.save(run.sounds_path)
    vae = build_vae(config.model, config.loss, config.training)
    # An untrained decoder is all but silent.
    last = vae.decoder.layers[-2]
    last.set_weights([3e3 * weights for weights in last.get_weights()])
    vae.save(run.model_path)
    run.history_path.parent.mkdir()
    run.history_path.write_text("epoch,likelihood,kl,cross_entropy\n1,40,2,1.1\n2,30,3,0.9\n", encoding="utf-8")
    return run
