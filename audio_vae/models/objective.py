"""What training minimises: the loss of each of the two passes, its terms, and the random numbers that it needs."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass

import keras
from keras import ops

from audio_vae.audio import spectral_ops
from audio_vae.config import LossConfig
from audio_vae.layers.sampling import Sampling
from audio_vae.model_config import ModelConfig
from audio_vae.models import losses
from audio_vae.models.one_shot_networks import ANALYSIS, SYNTHESIS
from audio_vae.models.voice_networks import VOICE_PITCH

# Soft-DTW takes a step for each frame of both sounds, one after the other.
_MOST_FRAMES = 64


@dataclass(frozen=True, eq=False)
class Objective:
    """The losses of both passes on the networks of a VAE.

    Attributes:
        encoder: audio `[B, T]` → posterior mean and log-variance, both `[B, d]`.
        decoder: latent `[B, d]` → audio `[B, T]`.
        classifier: latent `[B, d]` → logits `[B, n_classes]`; `None` for a model without a classifier.
        sampling: draws latents from the posterior.
        model_config: the networks' config.
        loss_config: weights and reductions of the terms.
        rate_hz: sample rate of the sounds.
    """

    encoder: keras.Model
    decoder: keras.Model
    classifier: keras.Model | None
    sampling: Sampling
    model_config: ModelConfig
    loss_config: LossConfig
    rate_hz: int

    @property
    def vae_weights(self) -> dict[str, float]:
        """Term of the first pass → its weight, in the order in which the terms are reported.

        Terms that the paper does not have are left out, and not computed, where their weight is 0.
        """
        config = self.loss_config
        weights = {"likelihood": config.likelihood_weight, "kl": config.kl_weight}
        is_one_shot = self.model_config.architecture == "oneshot"
        own = {
            "spectral": config.spectral_weight,
            "cells": config.cell_weight if is_one_shot else 0.0,
            "phasors": config.phasor_weight if is_one_shot else 0.0,
            "pitch": config.voice_pitch_weight if self.model_config.architecture == "voice" else 0.0,
            "centre": config.centre_weight,
        }
        weights |= {name: weight for name, weight in own.items() if weight}
        if config.between_weight:
            weights |= {"between": config.between_weight, "cycle": config.cycle_weight}
        return weights

    def draw(self, n_sounds: int) -> dict:
        """Draw the random numbers of one pass over a batch.

        Returns:
            `noise`, ε of the latents, `[n_sounds, d]`. With the loss between sounds also `mix`, `[n_sounds, 1]`:
            where between two sounds a point is decoded, 0 to 1, mostly around the middle.
        """
        drawn = {"noise": self.sampling.draw(n_sounds, self.model_config.latent_dim)}
        if self.loss_config.between_weight:
            drawn["mix"] = ops.sigmoid(self.sampling.draw(n_sounds, 1))
        return drawn

    def vae_losses(self, audio, noise=None, weights=None, *, labels=None, originals=None, mix=0.5):
        """Return the loss of the first pass and its terms (Eq. 1, and the terms that the paper does not have).

        Args:
            audio: `[B, T]`, full scale ±1.
            noise: ε of the latents, `[B, d]`; `None` takes the posterior means, as outside training.
            weights: weight of each sound in the loss, `[B]`; `None` weights all by 1.
            labels: class numbers, int `[B]`; needed for the class centres.
            originals: the sounds before augmentation, `[B, T]`, which decoded centres and points between sounds should
                resemble; `None` takes `audio`.
            mix: where between a sound (1) and the one before it in the batch (0) a point is decoded, `[B, 1]` or a
                scalar.

        Returns:
            The weighted sum of the terms, averaged over the sounds (scalar), and the unweighted terms, `{name: [B]}`.
        """
        config, term_weights, is_training = self.loss_config, self.vae_weights, noise is not None
        mean, log_variance, latent = self._latent(audio, noise)
        if "pitch" in term_weights:
            reconstruction, controls = self._decode_with_controls(latent, is_training)
        else:
            reconstruction = self._decode(latent, is_training)
        terms = {
            "likelihood": losses.squared_error(audio, reconstruction, config.likelihood_reduction),
            "kl": losses.kl_divergence(mean, log_variance, config.kl_reduction, config.prior_std),
        }
        if "spectral" in term_weights:
            terms["spectral"] = losses.spectral_distance(
                audio, reconstruction, config.spectral_windows, config.spectral_bands, config.spectral_from_onset
            )
        if "cells" in term_weights:
            terms["cells"] = losses.cell_distance(audio, reconstruction, self.decoder.get_layer(SYNTHESIS).grid)
        if "phasors" in term_weights:
            phasors = self.encoder.get_layer(ANALYSIS).phasors
            terms["phasors"] = losses.phasor_distance(phasors(audio), phasors(reconstruction))
        if "pitch" in term_weights:
            wanted_pitch, periodicity = self.encoder.get_layer(VOICE_PITCH).find(audio)
            share = self.decoder.get_layer(SYNTHESIS).harmonic_share(controls)
            terms["pitch"] = losses.pitch_distance(controls[0][..., 0], share, wanted_pitch, periodicity)
        if "centre" in term_weights or "between" in term_weights:
            wanted = self._mfcc(audio if originals is None else originals)
        if "centre" in term_weights:
            centres = losses.class_means(mean, labels, weights)
            terms["centre"] = self._centre_distance(centres, wanted, is_training)
        if "between" in term_weights:
            # These terms teach the decoder what lies between sounds; the other terms decide where the sounds lie.
            points = ops.stop_gradient(mix * mean + (1 - mix) * ops.roll(mean, 1, axis=0))
            terms["between"], terms["cycle"] = self._between_distances(points, wanted, mix, is_training)
        total = functools.reduce(operator.add, (weight * terms[name] for name, weight in term_weights.items()))
        return weighted_mean(total, weights), terms

    def classifier_losses(self, audio, labels, noise=None, weights=None):
        """Return the loss of the second pass and its term (Section 3.1).

        Args:
            audio: `[B, T]`, full scale ±1.
            labels: class numbers, int `[B]`.
            noise: ε of the latents, `[B, d]`; `None` takes the posterior means, as outside training.
            weights: weight of each sound in the loss, `[B]`; `None` weights all by 1.

        Returns:
            λ₂·cross-entropy, averaged over the sounds (scalar), and the unweighted term, `{name: [B]}`.
        """
        _, _, latent = self._latent(audio, noise)
        logits = ops.cast(self.classifier(latent, training=noise is not None), "float32")
        cross_entropy = losses.cross_entropy(labels, logits)
        loss = self.loss_config.classification_weight * weighted_mean(cross_entropy, weights)
        return loss, {"cross_entropy": cross_entropy}

    def _centre_distance(self, centres, wanted, is_training: bool):
        """Distance of decoded class centres `[B, d]` from MFCCs of the sounds `[B, frames, n_mfcc]`: `[B]`."""
        decoded = self._decode(centres, is_training)
        # As decoded and at full level: both are listened to, and Eq. 2 is reported for both.
        distances = [
            losses.mfcc_distance(self._mfcc(each), wanted, self.loss_config.soft_dtw_gamma)
            for each in (decoded, losses.with_peak_1(decoded))
        ]
        return sum(distances) / 2

    def _between_distances(self, points, wanted, mix, is_training: bool):
        """Distances of points between each sound and the one before it in the batch.

        Args:
            points: latents, `[B, d]`.
            wanted: MFCCs of the sounds, `[B, frames, n_mfcc]`.
            mix: share of each sound in its point, `[B, 1]` or a scalar.
            is_training: whether the networks run as in training.

        Returns:
            The distance of the decoded point from the two sounds, weighted by their shares, and the mean squared
            distance of the point from the latent that the encoder finds for the decoded sound: two of `[B]`.
        """
        decoded = self._decode(points, is_training)
        mfccs, share = self._mfcc(decoded), ops.reshape(mix, (-1,))
        to_ends = [
            losses.mfcc_distance(mfccs, each, self.loss_config.soft_dtw_gamma)
            for each in (wanted, ops.roll(wanted, 1, axis=0))
        ]
        encoded = ops.cast(self.encoder(decoded, training=is_training)[0], "float32")
        cycle = ops.mean(ops.square(encoded - points), axis=1)
        return share * to_ends[0] + (1 - share) * to_ends[1], cycle

    def _latent(self, audio, noise):
        """Encode `[B, T]`: posterior mean, log-variance and a latent, three of `[B, d]`."""
        # The losses are float32 whatever the networks compute in.
        mean, log_variance = (ops.cast(each, "float32") for each in self.encoder(audio, training=noise is not None))
        return mean, log_variance, mean if noise is None else self.sampling((mean, log_variance), noise)

    def _decode(self, latent, is_training: bool):
        """Decode `[B, d]` to `[B, T]`."""
        return ops.cast(self.decoder(latent, training=is_training), "float32")

    def _decode_with_controls(self, latent, is_training: bool):
        """Decode `[B, d]` to `[B, T]` and the controls of a voice, three of `[B, frames, values]`."""
        decoded = self._decoder_with_controls(latent, training=is_training)
        audio, *controls = (ops.cast(each, "float32") for each in decoded)
        return audio, controls

    @functools.cached_property
    def _decoder_with_controls(self) -> keras.Model:
        synthesis = self.decoder.get_layer(SYNTHESIS)
        return keras.Model(self.decoder.input, [self.decoder.output, *synthesis.input])

    def _mfcc(self, audio):
        """MFCCs of `[B, T]` in hundreds, of long sounds in fewer and longer frames: `[B, frames, n_mfcc]`."""
        # In hundreds, so that distances are about 1 to 10.
        return spectral_ops.at_most(spectral_ops.mfcc(audio, self.rate_hz), _MOST_FRAMES) / 100


def weighted_mean(values, weights):
    """Return the mean of `[B]` (scalar), each value multiplied by its weight `[B]`; `None` weights all by 1."""
    return ops.mean(values if weights is None else values * weights)
