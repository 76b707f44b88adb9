"""Where the training of one-shots starts: at the principal components of the training sounds.

Each training sound, and changed copies of it, is analysed in two ways: what the encoder hears of it, and the controls
with which the synthesis comes near to it (found by synthesising, listening and correcting a few times). The principal
components of the controls become the latent space, and so the decoder's linear map. The encoder's linear map is the
ridge regression from what is heard to these components. A few hundred sounds fix both in minutes, where gradients
through the synthesis take hours; the training then refines everything.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from keras import ops

from audio_vae.backend.keras_backend import on_tensorflow
from audio_vae.data.sound_set import evenly_spaced
from audio_vae.layers.one_shot_analysis import FLOOR, LOW_TONE_HZ, cell_powers, loudest_cell
from audio_vae.layers.one_shot_synthesis import SILENCE_DB
from audio_vae.models.one_shot_networks import ANALYSIS, CONTROLS, SYNTHESIS
from audio_vae.utils.progress import Progress

N_ANALYSED = 1200
"""About the number of sounds and changed copies that are analysed."""

_BATCH_SIZE = 16
_N_CORRECTIONS = 4
_STEP = 0.4
"""Share of the difference in decibels that a correction removes: neighbouring ranges overlap."""

_LEAST_NOISE = 0.03
"""Share of a cell's power that stays with the noise where tones seem to make up all of it."""

_RIDGE = 0.3
_WEIGHTS = {"level": 3.0, "noise": 1.0, "tones": 1.0, "offsets": 2.0, "phasors": 6.0}
"""Weights of the parts of the controls in the principal components."""

_SCALE_EXPONENT = 0.75
"""A latent's standard deviation is that of its principal component to this power. At 1, latents are as far apart as the
weighted controls; at 0 every component counts as much as the first, and nearest neighbours are found by details. Below
1, so that the noise of the posterior, which starts equally large in all dimensions, does not hide the last ones."""

_LEAST_SINGULAR_VALUE = 1e-9
"""So that sounds that are all the same do not divide by zero."""


def start_from_sounds(
    vae,
    audio: np.ndarray,
    *,
    show_progress: bool = False,
    say: Callable[[str], None] = lambda line: None,
    before_batch: Callable[[], None] = lambda: None,
) -> None:
    """Set the linear maps of a VAE of one-shots to the principal components of its training sounds.

    Args:
        vae: a new `models.vae.VAE` of the architecture `oneshot`.
        audio: the training sounds, float `[N, T]`, full scale ±1.
        show_progress: draw a progress bar; otherwise lines go to `say`.
        say: receives lines for the user.
        before_batch: is called before each batch of sounds, and may raise an exception to end the work.
    """
    audio = audio[evenly_spaced(len(audio), N_ANALYSED)]
    analysis, synthesis = vae.encoder.get_layer(ANALYSIS), vae.decoder.get_layer(SYNTHESIS)
    n_copies = max(1, round(N_ANALYSED / len(audio))) if vae.augmentation else 1
    changed = f" and {n_copies - 1} changed cop{'y' if n_copies == 2 else 'ies'} of each" if n_copies > 1 else ""
    say(f"analysing {len(audio)} sounds{changed}")
    measure = _compiled(lambda sounds: (analysis(sounds), controls_of(sounds, analysis, synthesis)))
    heard, controls = [], []
    batches = [(copy, first) for copy in range(n_copies) for first in range(0, len(audio), _BATCH_SIZE)]
    with Progress(n_copies * len(audio), "analysing", "sounds", show_bar=show_progress, say=say) as progress:
        for copy, first in batches:
            before_batch()
            n_sounds = min(_BATCH_SIZE, len(audio) - first)
            sounds = ops.convert_to_tensor(_padded(np.asarray(audio[first : first + _BATCH_SIZE], np.float32)))
            if copy:
                sounds = vae.augmentation(sounds)
            for found, values in zip((heard, controls), measure(sounds), strict=True):
                found.append(ops.convert_to_numpy(values)[:n_sounds])
            progress.update(n_sounds)
    set_linear_maps(vae, np.concatenate(heard), np.concatenate(controls))


def set_linear_maps(vae, heard: np.ndarray, controls: np.ndarray) -> None:
    """Set the maps between what is heard, the latent and the controls.

    Latents of the sounds get a variance of 1 in the mean of the dimensions, and more in the first ones.

    Args:
        vae: the VAE.
        heard: output of the encoder's first layer, `[n, n_features]`.
        controls: controls of the same sounds, `[n, n_controls]`.
    """
    grid, latent_dim = vae.decoder.get_layer(SYNTHESIS).grid, vae.model_config.latent_dim
    weights = np.concatenate([np.full(size, _WEIGHTS[name]) for name, size in grid.sizes.items()])
    mean_heard, mean_controls = heard.mean(axis=0), controls.mean(axis=0)
    heard = (heard - mean_heard).astype(np.float64)
    u, s, v = np.linalg.svd((controls - mean_controls).astype(np.float64) * weights, full_matrices=False)
    n, n_components = len(u), min(latent_dim, len(s))
    # The sign of a component is free; it is fixed so that all machines find the same.
    signs = np.sign(v[np.arange(n_components), np.abs(v[:n_components]).argmax(axis=1)])
    scales = np.maximum(s[:n_components], _LEAST_SINGULAR_VALUE) ** _SCALE_EXPONENT
    scales /= np.sqrt(np.mean(scales**2))
    latents = np.zeros((n, latent_dim))
    latents[:, :n_components] = u[:, :n_components] * signs * scales * np.sqrt(n)
    decoder = np.zeros((latent_dim, grid.n_controls))
    decoder[:n_components] = (signs * s[:n_components] / scales)[:, None] * v[:n_components] / np.sqrt(n) / weights
    ridge = _RIDGE * n * np.eye(heard.shape[1])
    encoder = np.linalg.solve(heard.T @ heard + ridge, heard.T @ latents)
    vae.encoder.get_layer(ANALYSIS).means.assign(mean_heard)
    vae.encoder.get_layer("mean").set_weights([encoder, np.zeros(latent_dim)])
    log_variance = vae.encoder.get_layer("log_variance")
    log_variance.kernel.assign(np.zeros(log_variance.kernel.shape))
    vae.decoder.get_layer(CONTROLS).set_weights([decoder, mean_controls])


def controls_of(audio, analysis, synthesis):
    """Find the controls with which the synthesis comes near to sounds: `[B, T]` → `[B, n_controls]`.

    Args:
        audio: the sounds.
        analysis: the encoder's first layer, which tells tones from noise.
        synthesis: the decoder's last layer.
    """
    grid = synthesis.grid
    wanted_noise, wanted_tones = cell_powers(audio, grid)
    loudest = loudest_cell(wanted_noise)
    floor = FLOOR * loudest
    offsets, narrowness, _ = analysis.tones(audio)
    narrowness = ops.maximum(narrowness, np.clip(np.log2(LOW_TONE_HZ / grid.tones_hz) / 1.5, 0, 1).astype("float32"))
    phasors = analysis.phasors(audio)
    level = ops.log(loudest[:, :, 0]) / 2

    def synthesised(noise, tones):
        parts = [level, *(_flat(each - level[:, :, None]) for each in (noise, tones)), offsets, phasors]
        return ops.concatenate(parts, axis=-1)

    # Amplitudes of sines have twice the mean square.
    tones = ops.log(2 * wanted_tones * narrowness[:, None] + 0.1 * floor) / 2
    of_tones, _ = cell_powers(synthesis(synthesised(ops.full_like(wanted_noise, -30.0), tones)), grid)
    rest = ops.maximum(wanted_noise - of_tones, _LEAST_NOISE * wanted_noise)
    noise = ops.log(rest + 0.1 * floor) / 2

    def corrected(_, levels):
        got = cell_powers(synthesis(synthesised(*levels)), grid)
        return tuple(
            level + _correction(wanted, heard, floor)
            for level, wanted, heard in zip(levels, (wanted_noise, wanted_tones), got, strict=True)
        )

    noise, tones = ops.fori_loop(0, _N_CORRECTIONS, corrected, (noise, tones))
    silence = float(SILENCE_DB / 20 * np.log(10)) + level[:, :, None]
    return synthesised(ops.maximum(noise, silence), ops.maximum(tones, silence))


def _correction(wanted, got, floor):
    """Change of a logarithmic amplitude that brings a power nearer to the wanted one."""
    return _STEP / 2 * ops.clip(ops.log((wanted + floor) / (got + floor)), -2.0, 2.0)


def _flat(values):
    return ops.reshape(values, (-1, values.shape[1] * values.shape[2]))


def _padded(sounds: np.ndarray) -> np.ndarray:
    """Repeat the last sound until the batch is full, so that all batches have one shape."""
    return np.concatenate([sounds, np.repeat(sounds[-1:], _BATCH_SIZE - len(sounds), axis=0)])


def _compiled(function: Callable) -> Callable:
    """Compile a function of a batch: operation by operation it takes several times longer."""
    if not on_tensorflow():
        import jax

        return jax.jit(function)
    import tensorflow as tf

    return tf.function(function, jit_compile=False, autograph=False)
