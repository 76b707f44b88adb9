"""The variational autoencoder with its two-pass training step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import ops

from audio_vae.audio import spectral_ops as spectra
from audio_vae.backend import replicas as distribute
from audio_vae.backend.keras_backend import PACKAGE, standard_settings
from audio_vae.config import AugmentationConfig, LossConfig, TrainingConfig
from audio_vae.layers.augmentation import build_augmentation
from audio_vae.layers.sampling import Sampling
from audio_vae.model_config import ModelConfig, from_values, nested
from audio_vae.models import losses
from audio_vae.models import train_step as passes
from audio_vae.models.networks import build_classifier, build_decoder, build_encoder
from audio_vae.models.studio_networks import PITCH, at_pitch
from audio_vae.models.train_step import Pass

# Soft-DTW takes a step for each frame of both sounds, one after the other.
_MOST_FRAMES = 64


@keras.saving.register_keras_serializable(PACKAGE)
class VAE(keras.Model):
    """Encoder, decoder and classifier on the bottleneck, trained in two passes (Section 3.1).

    Each training step first moves encoder and decoder by
    ∇₁(λ₁₁·L_likelihood + λ₁₂·L_KL), then encoder and classifier by ∇₂(λ₂·L_cross-entropy),
    each with its own optimizer and its own draw of the latent noise.

    Args:
        model_config: the networks.
        loss_config: weights and reductions of the loss terms.
        augmentation_config: how training sounds are changed before either pass.
        rate_hz: sample rate of the sounds.
        seed: of the latent noise and of the augmentation.
        dtype: what the networks compute in, a Keras dtype policy such as `mixed_bfloat16`; the weights and
            losses are float32.

    Call arguments:
        audio: float tensor `(B, T)`, full scale ±1.
        training: draw the latent from the posterior instead of taking its mean.

    Returns:
        The reconstruction, `(B, T)`.
    """

    def __init__(
        self,
        model_config: ModelConfig,
        loss_config: LossConfig | None = None,
        augmentation_config: AugmentationConfig | None = None,
        rate_hz: int = 8000,
        seed: int = 0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.model_config = model_config
        self.loss_config = loss_config or LossConfig()
        self.augmentation_config = augmentation_config or AugmentationConfig()
        self.rate_hz = rate_hz
        self.seed = seed
        with _default_policy(self.dtype_policy):
            self.encoder = build_encoder(model_config)
            self.decoder = build_decoder(model_config)
            self.classifier = build_classifier(model_config)
        self.sampling = Sampling(seed, name="add", dtype="float32")
        self.augmentation = build_augmentation(self.augmentation_config, self.rate_hz, seed)
        self.classifier_optimizer = None
        self.loss_means = {name: keras.metrics.Mean(name=name) for name in self.loss_terms}
        self.built = True

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Names of the terms that training reports, unweighted, as means over the sounds of an epoch."""
        return (*self.vae_terms, *(("cross_entropy",) if self.model_config.n_classes else ()))

    @property
    def vae_terms(self) -> tuple[str, ...]:
        """Names of the first pass's terms."""
        config = self.loss_config
        others = {
            "spectral": config.spectral_weight,
            "pitch": self._pitch_weight,
            "centre": config.centre_weight,
            "between": config.between_weight,
            "cycle": config.between_weight,
        }
        return ("likelihood", "kl", *(name for name, weight in others.items() if weight))

    @property
    def _pitch_weight(self) -> float:
        """Weight of the pitch's error; 0 without oscillators, which are what has one."""
        has_oscillators = self.model_config.architecture == "studio" and self.model_config.studio.n_tones
        return self.loss_config.pitch_weight if has_oscillators else 0.0

    @property
    def metrics(self):
        return list(self.loss_means.values())

    @property
    def non_trainable_variables(self):
        variables = super().non_trainable_variables
        if keras.backend.backend() == "jax" and self.classifier_optimizer:
            # The state that Keras' JAX trainer carries from step to step has room for one optimizer.
            variables = variables + self.classifier_optimizer.variables
        return variables

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
        latent = self.sampling((mean, log_variance)) if training else mean
        return ops.cast(self.decoder(latent, training=training), "float32")

    def compile(self, vae_optimizer="adam", classifier_optimizer="adam", **kwargs):
        """Set the optimizers of the two passes.

        Both are built here, each over its own pass's variables: Keras would build the first over
        all variables, and would drop the state of an optimizer that is not built when a file is loaded.

        Args:
            vae_optimizer: of ∇₁, a `keras.Optimizer` or its name.
            classifier_optimizer: of ∇₂; not used by a model without a classifier.
            kwargs: those of `keras.Model.compile`, but for `jit_compile`, which is the backend's matter.
        """
        # On TensorFlow, XLA takes several times longer on CPU cores than the plain graph of the dilation block.
        super().compile(optimizer=vae_optimizer, jit_compile=keras.backend.backend() == "jax", **kwargs)
        self.optimizer.build(self.vae_variables)
        self.classifier_optimizer = None
        if self.classifier:
            self.classifier_optimizer = keras.optimizers.get(classifier_optimizer)
            self.classifier_optimizer.build(self.classifier_variables)

    def get_compile_config(self):
        if not self.compiled:
            return None
        optimizers = {"vae_optimizer": self.optimizer, "classifier_optimizer": self.classifier_optimizer}
        return {name: keras.saving.serialize_keras_object(each) for name, each in optimizers.items() if each}

    def compile_from_config(self, config):
        names = ("vae_optimizer", "classifier_optimizer")
        self.compile(**{name: keras.saving.deserialize_keras_object(config[name]) for name in names if name in config})

    def vae_losses(self, audio, noise=None, weights=None, *, labels=None, originals=None, mix=0.5):
        """Loss of the first pass and its terms.

        Args:
            audio: `[B, T]`.
            noise: ε of the latents, `[B, d]`; `None`: the posterior means.
            weights: of each sound in the loss, `[B]`; `None`: all 1.
            labels: `[B]`, for the centres of classes.
            originals: the sounds before augmentation, `[B, T]`, which decoded centres are to resemble; `None`: `audio`.
            mix: where between a sound and the next of the batch a point is decoded, 0 to 1, `[B, 1]` or a scalar.

        Returns:
            λ₁₁·likelihood + λ₁₂·KL (scalar), with the other terms of the config, and `{term: [B]}`.
        """
        config = self.loss_config
        mean, log_variance, latent = self._latent(audio, noise)
        is_training = noise is not None
        wanted_pitch = losses.strongest_pitch(audio) if self._pitch_weight else None
        # Oscillators that are told the pitch learn their loudness from the start, not once the pitch is learned.
        reconstruction = self._decode(latent, is_training, wanted_pitch if is_training else None)
        likelihood = losses.squared_error(audio, reconstruction, config.likelihood_reduction)
        kl = losses.kl_divergence(mean, log_variance, config.kl_reduction)
        total = config.likelihood_weight * likelihood + config.kl_weight * kl
        terms = {"likelihood": likelihood, "kl": kl}
        if config.spectral_weight:
            terms["spectral"] = losses.spectral_distance(
                audio, reconstruction, config.spectral_windows, config.spectral_bands, config.spectral_from_onset
            )
            total = total + config.spectral_weight * terms["spectral"]
        if self._pitch_weight:
            pitch = self.decoder.get_layer(PITCH)(latent)[:, 0]
            terms["pitch"] = losses.pitch_error(audio, pitch, wanted_pitch)
            total = total + self._pitch_weight * terms["pitch"]
        if config.centre_weight or config.between_weight:
            wanted = self._mfcc(audio if originals is None else originals)
        if config.centre_weight:
            centres = losses.class_means(mean, labels, weights)
            terms["centre"] = self._centre_distance(centres, wanted, is_training)
            total = total + config.centre_weight * terms["centre"]
        if config.between_weight:
            # The decoder learns what lies between sounds; where sounds lie, the other terms decide.
            points = ops.stop_gradient(mix * mean + (1 - mix) * ops.roll(mean, 1, axis=0))
            terms["between"], terms["cycle"] = self._between_distances(points, wanted, mix, is_training)
            total = total + config.between_weight * terms["between"] + config.cycle_weight * terms["cycle"]
        return _weighted_mean(total, weights), terms

    def _centre_distance(self, centres, wanted, is_training: bool):
        """Distance from decoded centres to the MFCCs of the sounds that they stand for: `[B]`."""
        decoded = self._decode(centres, is_training)
        # As loud as decoded and as loud as it can be: both are listened to, and Eq. 2 is reported for both.
        distances = [
            losses.mfcc_distance(self._mfcc(each), wanted, self.loss_config.soft_dtw_gamma)
            for each in (decoded, losses.with_peak_1(decoded))
        ]
        return sum(distances) / 2

    def _between_distances(self, points, wanted, mix, is_training: bool):
        """Distances of points between each sound and the next of the batch.

        Returns:
            From the decoded points to the two sounds, in shares of `mix`, and from where the encoder hears them to
            the points: two of `[B]`.
        """
        decoded = self._decode(points, is_training)
        mfccs, share = self._mfcc(decoded), ops.reshape(mix, (-1,))
        to_ends = [
            losses.mfcc_distance(mfccs, each, self.loss_config.soft_dtw_gamma)
            for each in (wanted, ops.roll(wanted, 1, axis=0))
        ]
        heard = ops.cast(self.encoder(decoded, training=is_training)[0], "float32")
        cycle = ops.mean(ops.square(heard - points), axis=1)
        return share * to_ends[0] + (1 - share) * to_ends[1], cycle

    def _decode(self, latent, training: bool, pitch=None):
        if pitch is None:
            decoded = self.decoder(latent, training=training)
        else:
            decoded = at_pitch(self.decoder)([latent, pitch[:, None]], training=training)
        return ops.cast(decoded, "float32")

    def _mfcc(self, audio):
        """MFCCs in hundreds, so that distances are about 1 to 10; long sounds in fewer and longer frames."""
        return spectra.at_most(spectra.mfcc(audio, self.rate_hz), _MOST_FRAMES) / 100

    def classifier_losses(self, audio, labels, noise=None, weights=None):
        """Loss of the second pass and its term.

        Args:
            audio: `[B, T]`.
            labels: `[B]`.
            noise: ε of the latents, `[B, d]`; `None`: the posterior means.
            weights: of each sound in the loss, `[B]`; `None`: all 1.

        Returns:
            λ₂·cross-entropy (scalar), and `{term: [B]}`.
        """
        _, _, latent = self._latent(audio, noise)
        logits = ops.cast(self.classifier(latent, training=noise is not None), "float32")
        cross_entropy = losses.cross_entropy(labels, logits)
        loss = self.loss_config.classification_weight * _weighted_mean(cross_entropy, weights)
        return loss, {"cross_entropy": cross_entropy}

    def _latent(self, audio, noise):
        # The losses are float32 whatever the networks compute in.
        mean, log_variance = (ops.cast(each, "float32") for each in self.encoder(audio, training=noise is not None))
        return mean, log_variance, mean if noise is None else self.sampling((mean, log_variance), noise)

    def draw(self, n_sounds: int) -> dict:
        """Draw what a pass over a batch needs.

        Returns:
            `noise`, ε of the latents, `[n_sounds, d]`, and for the loss between sounds `mix`, mostly around the
            middle, `[n_sounds, 1]`.
        """
        drawn = {"noise": self.sampling.draw(n_sounds, self.model_config.latent_dim)}
        if self.loss_config.between_weight:
            drawn["mix"] = ops.sigmoid(self.sampling.draw(n_sounds, 1))
        return drawn

    def augmented(self, sounds: dict) -> dict:
        """Return a batch with its sounds changed and the `originals` beside them; as it is without augmentation."""
        if not self.augmentation:
            return sounds
        return {**sounds, "audio": self.augmentation(sounds["audio"]), "originals": sounds["audio"]}

    @property
    def passes(self) -> list[Pass]:
        """∇₁ and, with a classifier, ∇₂."""

        def first(sounds):
            parts = {name: sounds[name] for name in ("labels", "originals", "mix") if name in sounds}
            return self.vae_losses(sounds["audio"], sounds["noise"], sounds.get("weights"), **parts)

        def second(sounds):
            return self.classifier_losses(sounds["audio"], sounds["labels"], sounds["noise"], sounds.get("weights"))

        found = [Pass(first, self.vae_terms, self.optimizer, self.vae_variables)]
        if self.classifier:
            found.append(Pass(second, ("cross_entropy",), self.classifier_optimizer, self.classifier_variables))
        return found

    def train_step(self, *arguments):
        """Apply ∇₁, then ∇₂, to one batch.

        Args:
            arguments: `data`, on JAX `state, data`, as Keras' trainers call it: data is
                `(audio [B, T], labels [B])`; of a replica, its shard of the batch, which has two parts
                more: `(…, counted [b], n_sounds)` (`distribute.shards`).

        Returns:
            The loss terms' means over the epoch so far; on JAX with the new state.
        """
        *state, (audio, labels, *shard) = arguments
        # Keras' trainers put an empty place for sample weights behind a single batch.
        shard = [part for part in shard if part is not None]
        sounds = {"audio": audio, "labels": labels}
        if shard:
            sounds["weights"] = distribute.loss_weights(*shard)
        if state:
            return passes.jax_train_step(self, *state, sounds)
        sounds = self.augmented(sounds)
        one_by_one = passes.one_by_one(self.model_config, self.loss_config)
        terms = {}
        for each in self.passes:
            batch = {**sounds, **self.draw(ops.shape(audio)[0])}
            terms |= passes.tensorflow_descend(each, batch, one_by_one=one_by_one)
        return self.report(terms, *shard)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Keep Keras from averaging the replicas' first shards, where it fails with several workers: all is built."""

    def test_step(self, data):
        """Loss terms of one batch at the posterior means, without noise."""
        audio, labels = data
        _, terms = self.vae_losses(audio, labels=labels)
        if self.classifier:
            terms |= self.classifier_losses(audio, labels)[1]
        return self.report(terms)

    def report(self, terms, *shard):
        """Take a batch's loss terms into the epoch's means, and return these."""
        for name, values in terms.items():
            if shard:
                distribute.update_mean(self.loss_means[name], values, *shard)
            else:
                self.loss_means[name].update_state(values)
        return distribute.as_logs({name: mean.result() for name, mean in self.loss_means.items()})

    def in_float32(self) -> VAE:
        """Return the model as one that computes in float32, which is what decoding and exports are made with."""
        if self.compute_dtype == "float32":
            return self
        model = VAE.from_config({**self.get_config(), "dtype": "float32"})
        model.set_weights(self.get_weights())
        return model

    def get_config(self):
        return {
            **super().get_config(),
            "model_config": dataclasses.asdict(self.model_config),
            "loss_config": dataclasses.asdict(self.loss_config),
            "augmentation_config": dataclasses.asdict(self.augmentation_config),
            "rate_hz": self.rate_hz,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {
            "model_config": ModelConfig,
            "loss_config": LossConfig,
            "augmentation_config": AugmentationConfig,
        }
        config = {**config, "model_config": nested(config["model_config"])}
        return cls(
            **{name: from_values(parts[name], value) if name in parts else value for name, value in config.items()}
        )


@contextmanager
def _default_policy(policy) -> Iterator[None]:
    """Give layers that are made inside the block this dtype policy."""
    kept = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(kept)


def _weighted_mean(values, weights):
    return ops.mean(values if weights is None else values * weights)


@standard_settings()
def build_vae(
    model: ModelConfig,
    loss: LossConfig,
    training: TrainingConfig,
    augmentation: AugmentationConfig | None = None,
    rate_hz: int = 8000,
) -> VAE:
    """Return a compiled, seeded model: the same config gives the same weights."""
    keras.utils.set_random_seed(training.seed)
    policy = {"float32": "float32", "bfloat16": "mixed_bfloat16"}[training.precision]
    vae = VAE(model, loss, augmentation, rate_hz, training.seed, dtype=policy)
    adam = {"global_clipnorm": training.clip_norm, "epsilon": training.adam_epsilon}
    vae.compile(
        keras.optimizers.Adam(training.vae_learning_rate, name="vae_optimizer", **adam),
        keras.optimizers.Adam(training.classifier_learning_rate, name="classifier_optimizer", **adam),
    )
    return vae
