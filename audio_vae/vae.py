"""The variational autoencoder with its two-pass training step."""

from __future__ import annotations

import dataclasses

import keras
from keras import ops

from audio_vae import distribute, losses
from audio_vae.config import LossConfig, ModelConfig, TrainingConfig, from_values
from audio_vae.layers import PACKAGE, Sampling
from audio_vae.networks import build_classifier, build_decoder, build_encoder

LOSS_TERMS = ("likelihood", "kl", "cross_entropy")
"""Names of the terms that training reports, unweighted, as means over the sounds of an epoch."""


@keras.saving.register_keras_serializable(PACKAGE)
class VAE(keras.Model):
    """Encoder, decoder and classifier on the bottleneck, trained in two passes (Section 3.1).

    Each training step first moves encoder and decoder by
    ∇₁(λ₁₁·L_likelihood + λ₁₂·L_KL), then encoder and classifier by ∇₂(λ₂·L_cross-entropy),
    each with its own optimizer and its own draw of the latent noise.

    Args:
        model_config: the networks.
        loss_config: weights and reductions of the loss terms.
        seed: of the latent noise.

    Call arguments:
        audio: float tensor `(B, T)`, full scale ±1.
        training: draw the latent from the posterior instead of taking its mean.

    Returns:
        The reconstruction, `(B, T)`.
    """

    def __init__(self, model_config: ModelConfig, loss_config: LossConfig | None = None, seed: int = 0, **kwargs):
        super().__init__(**kwargs)
        self.model_config = model_config
        self.loss_config = loss_config or LossConfig()
        self.seed = seed
        self.encoder = build_encoder(model_config)
        self.sampling = Sampling(seed, name="add")
        self.decoder = build_decoder(model_config)
        self.classifier = build_classifier(model_config)
        self.loss_means = {name: keras.metrics.Mean(name=name) for name in self.loss_terms}
        self.built = True

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Names of the loss terms that this model has."""
        return LOSS_TERMS if self.model_config.n_classes else LOSS_TERMS[:2]

    @property
    def metrics(self):
        return list(self.loss_means.values())

    @property
    def vae_variables(self) -> list:
        """What ∇₁ moves: encoder and decoder."""
        return self.encoder.trainable_variables + self.decoder.trainable_variables

    @property
    def classifier_variables(self) -> list:
        """What ∇₂ moves: encoder and classifier; empty without a classifier."""
        return self.encoder.trainable_variables + self.classifier.trainable_variables if self.classifier else []

    def call(self, audio, training=False):
        mean, log_variance = self.encoder(audio, training=training)
        return self.decoder(self.sampling((mean, log_variance)) if training else mean, training=training)

    def compile(self, vae_optimizer="adam", classifier_optimizer="adam", **kwargs):
        """Set the optimizers of the two passes.

        Both are built here, each over its own pass's variables: Keras would build the first over
        all variables, and would drop the state of an optimizer that is not built when a file is loaded.

        Args:
            vae_optimizer: of ∇₁, a `keras.Optimizer` or its name.
            classifier_optimizer: of ∇₂; not used by a model without a classifier.
            kwargs: those of `keras.Model.compile`.
        """
        super().compile(optimizer=vae_optimizer, **kwargs)
        self.optimizer.build(self.vae_variables)
        self.classifier_optimizer = None
        if self.classifier:
            self.classifier_optimizer = keras.optimizers.get(classifier_optimizer)
            self.classifier_optimizer.build(self.classifier_variables)

    def get_compile_config(self):
        if not self.compiled:
            return None
        optimizers = {"vae_optimizer": self.optimizer, "classifier_optimizer": self.classifier_optimizer}
        return {
            **{name: keras.saving.serialize_keras_object(each) for name, each in optimizers.items() if each},
            "jit_compile": self.jit_compile,
        }

    def compile_from_config(self, config):
        self.compile(**{name: keras.saving.deserialize_keras_object(value) for name, value in config.items()})

    def vae_losses(self, audio, training=True, weights=None):
        """Loss of the first pass and its terms.

        Args:
            audio: `[B, T]`.
            training: sample the latents.
            weights: of each sound in the loss, `[B]`; `None`: all 1.

        Returns:
            λ₁₁·likelihood + λ₁₂·KL (scalar), and `{term: [B]}`.
        """
        mean, log_variance = self.encoder(audio, training=training)
        latent = self.sampling((mean, log_variance)) if training else mean
        reconstruction = self.decoder(latent, training=training)
        likelihood = losses.squared_error(audio, reconstruction, self.loss_config.likelihood_reduction)
        kl = losses.kl_divergence(mean, log_variance, self.loss_config.kl_reduction)
        total = self.loss_config.likelihood_weight * likelihood + self.loss_config.kl_weight * kl
        return _weighted_mean(total, weights), {"likelihood": likelihood, "kl": kl}

    def classifier_losses(self, audio, labels, training=True, weights=None):
        """Loss of the second pass and its term.

        Args:
            audio: `[B, T]`.
            labels: `[B]`.
            training: sample the latents.
            weights: of each sound in the loss, `[B]`; `None`: all 1.

        Returns:
            λ₂·cross-entropy (scalar), and `{term: [B]}`.
        """
        mean, log_variance = self.encoder(audio, training=training)
        latent = self.sampling((mean, log_variance)) if training else mean
        cross_entropy = losses.cross_entropy(labels, self.classifier(latent, training=training))
        loss = self.loss_config.classification_weight * _weighted_mean(cross_entropy, weights)
        return loss, {"cross_entropy": cross_entropy}

    def train_step(self, data):
        """Apply ∇₁, then ∇₂, to one batch.

        Args:
            data: `(audio [B, T], labels [B])`; of a replica, its shard of the batch, which has two parts
                more: `(…, counted [b], n_sounds)` (`distribute.shards`).
        """
        audio, labels, *shard = data
        weights = distribute.loss_weights(*shard) if shard else None
        terms = self._descend(lambda: self.vae_losses(audio, weights=weights), self.optimizer, self.vae_variables)
        if self.classifier:
            terms |= self._descend(
                lambda: self.classifier_losses(audio, labels, weights=weights),
                self.classifier_optimizer,
                self.classifier_variables,
            )
        return self._report(terms, *shard)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Keep Keras from averaging the replicas' first shards, where it fails with several workers: all is built."""

    def test_step(self, data):
        """Loss terms of one batch at the posterior means, without noise."""
        audio, labels = data
        _, terms = self.vae_losses(audio, training=False)
        if self.classifier:
            terms |= self.classifier_losses(audio, labels, training=False)[1]
        return self._report(terms)

    def _descend(self, losses_of_pass, optimizer, variables):
        import tensorflow as tf

        with tf.GradientTape() as tape:
            loss, terms = losses_of_pass()
        optimizer.apply(tape.gradient(loss, variables), variables)
        return terms

    def _report(self, terms, *shard):
        for name, values in terms.items():
            if shard:
                distribute.update_mean(self.loss_means[name], values, *shard)
            else:
                self.loss_means[name].update_state(values)
        return distribute.as_logs({name: mean.result() for name, mean in self.loss_means.items()})

    def get_config(self):
        return {
            **super().get_config(),
            "model_config": dataclasses.asdict(self.model_config),
            "loss_config": dataclasses.asdict(self.loss_config),
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {"model_config": ModelConfig, "loss_config": LossConfig}
        return cls(
            **{name: from_values(parts[name], value) if name in parts else value for name, value in config.items()}
        )


def _weighted_mean(values, weights):
    return ops.mean(values if weights is None else values * weights)


def build_vae(model: ModelConfig, loss: LossConfig, training: TrainingConfig) -> VAE:
    """Return a compiled, seeded model: the same config gives the same weights."""
    keras.utils.set_random_seed(training.seed)
    vae = VAE(model, loss, seed=training.seed)
    vae.compile(
        keras.optimizers.Adam(training.vae_learning_rate, name="vae_optimizer"),
        keras.optimizers.Adam(training.classifier_learning_rate, name="classifier_optimizer"),
        # XLA on CPU takes many times longer than the plain graph for the dilation block.
        jit_compile=False,
    )
    return vae
