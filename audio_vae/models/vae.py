"""The variational autoencoder with its two-pass training step."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras import ops

from audio_vae.backend import replicas
from audio_vae.backend.keras_backend import PACKAGE, standard_settings
from audio_vae.config import AugmentationConfig, LossConfig, TrainingConfig, without_removed
from audio_vae.layers.augmentation import build_augmentation
from audio_vae.layers.sampling import Sampling
from audio_vae.model_config import ModelConfig, from_values, nested
from audio_vae.models import passes
from audio_vae.models.networks import build_classifier, build_decoder, build_encoder
from audio_vae.models.objective import Objective
from audio_vae.models.passes import Pass


@keras.saving.register_keras_serializable(PACKAGE)
class VAE(keras.Model):
    """Encoder, decoder and classifier on the bottleneck, trained in two passes (Section 3.1).

    Each training step first moves encoder and decoder by ∇₁(λ₁₁·L_likelihood + λ₁₂·L_KL), then encoder and classifier
    by ∇₂(λ₂·L_cross-entropy), each with its own optimizer and its own draw of the latent noise; `first_pass` of the
    losses turns the order round.

    Example:
    ```python
    vae = build_vae(config.model, config.loss, config.training)
    vae.fit(batches_of_audio_and_labels, epochs=2)
    mean, log_variance = vae.encoder(audio)
    decoded = vae.decoder(mean)
    ```

    Args:
        model_config: the networks.
        loss_config: weights and reductions of the loss terms; `None` takes the defaults.
        augmentation_config: how training sounds are changed before each pass; `None` changes nothing.
        rate_hz: sample rate of the sounds.
        seed: seed for the latent noise and the augmentation.
        dtype: what the networks compute in, a Keras dtype policy such as `mixed_bfloat16`; weights and losses are
            float32.

    Call arguments:
        audio: float tensor, full scale ±1.
        training: draw the latent from the posterior instead of taking its mean.

    Input shape:
        `(B, T)`.

    Output shape:
        `(B, T)`: the reconstruction.

    References:
        Lionello and Purwins (2020), Section 3; Kingma and Welling (2014).
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
        self.objective = Objective(
            self.encoder,
            self.decoder,
            self.classifier,
            self.sampling,
            self.model_config,
            self.loss_config,
            self.rate_hz,
        )
        self.classifier_optimizer = None
        self.loss_means = {name: keras.metrics.Mean(name=name) for name in self.loss_terms}
        self.built = True

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Names of the terms that training reports: unweighted, as means over the sounds of an epoch."""
        return (*self.vae_terms, *(("cross_entropy",) if self.model_config.n_classes else ()))

    @property
    def vae_terms(self) -> tuple[str, ...]:
        """Names of the first pass's terms."""
        return tuple(self.objective.vae_weights)

    @property
    def metrics(self):
        return list(self.loss_means.values())

    @property
    def non_trainable_variables(self):
        variables = super().non_trainable_variables
        if keras.backend.backend() == "jax" and self.classifier_optimizer:
            # The state that Keras' JAX trainer carries from step to step includes one optimizer only.
            variables = variables + self.classifier_optimizer.variables
        return variables

    @property
    def vae_variables(self) -> list:
        """The variables that ∇₁ moves: those of encoder and decoder."""
        return self.encoder.trainable_variables + self.decoder.trainable_variables

    @property
    def classifier_variables(self) -> list:
        """The variables that ∇₂ moves: those of the classifier, and of the encoder unless the losses spare it."""
        if not self.classifier:
            return []
        of_encoder = self.encoder.trainable_variables if self.loss_config.classifier_moves_encoder else []
        return of_encoder + self.classifier.trainable_variables

    def call(self, audio, training=False):
        mean, log_variance = self.encoder(audio, training=training)
        latent = self.sampling((mean, log_variance)) if training else mean
        return ops.cast(self.decoder(latent, training=training), "float32")

    def compile(self, vae_optimizer="adam", classifier_optimizer="adam", **kwargs):
        """Set the optimizers of the two passes.

        Both are built here, each for its own pass's variables: Keras would build the first for all variables, and
        would drop the state of an optimizer that is not built yet when a file is loaded.

        Args:
            vae_optimizer: optimizer of ∇₁, a `keras.Optimizer` or its name.
            classifier_optimizer: optimizer of ∇₂; unused without a classifier.
            kwargs: arguments of `keras.Model.compile`, except `jit_compile`, which depends on the backend here.
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

    def vae_losses(self, audio, noise=None, weights=None, **more):
        """Return the loss of the first pass and its terms (`objective.Objective.vae_losses`)."""
        return self.objective.vae_losses(audio, noise, weights, **more)

    def classifier_losses(self, audio, labels, noise=None, weights=None):
        """Return the loss of the second pass and its term (`objective.Objective.classifier_losses`)."""
        return self.objective.classifier_losses(audio, labels, noise, weights)

    def draw(self, n_sounds: int) -> dict:
        """Draw the random numbers of one pass over a batch (`objective.Objective.draw`)."""
        return self.objective.draw(n_sounds)

    def augmented(self, sounds: dict) -> dict:
        """Return a batch with its sounds augmented and the `originals` beside them; as it is without augmentation."""
        if not self.augmentation:
            return sounds
        return {**sounds, "audio": self.augmentation(sounds["audio"]), "originals": sounds["audio"]}

    @property
    def passes(self) -> list[Pass]:
        """∇₁ and, with a classifier, ∇₂, in the order in which a step applies them."""

        def first(sounds):
            parts = {name: sounds[name] for name in ("labels", "originals", "mix") if name in sounds}
            return self.vae_losses(sounds["audio"], sounds["noise"], sounds.get("weights"), **parts)

        def second(sounds):
            return self.classifier_losses(sounds["audio"], sounds["labels"], sounds["noise"], sounds.get("weights"))

        found = [Pass(first, self.vae_terms, self.optimizer, self.vae_variables)]
        if self.classifier:
            found.append(Pass(second, ("cross_entropy",), self.classifier_optimizer, self.classifier_variables))
        return found[::-1] if self.loss_config.first_pass == "classifier" else found

    def train_step(self, *arguments):
        """Apply both passes to one batch.

        Args:
            arguments: `data`, and on JAX `state, data`, as Keras' trainers pass them. The data is
                `(audio [B, T], labels [B])`. A replica of a distributed training gets its shard of the batch, which has
                two more parts: `(…, counted [b], n_sounds)` (`backend.replicas.shards`).

        Returns:
            The mean of each loss term over the epoch so far; on JAX together with the new state.
        """
        *state, (audio, labels, *shard) = arguments
        # Keras' trainers add a `None` in place of sample weights to a single batch.
        shard = [part for part in shard if part is not None]
        sounds = {"audio": audio, "labels": labels}
        if shard:
            sounds["weights"] = replicas.loss_weights(*shard)
        if state:
            return passes.jax_train_step(self, *state, sounds)
        sounds = self.augmented(sounds)
        one_by_one = passes.one_by_one(self.model_config, self.loss_config)
        terms = {}
        for each in self.passes:
            batch = {**sounds, **self.draw(ops.shape(audio)[0])}
            terms |= passes.apply_on_tensorflow(each, batch, one_by_one=one_by_one)
        return self.report(terms, *shard)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Do nothing: all is built already, and Keras' own method fails with several workers."""

    def test_step(self, data):
        """Return the loss terms of one batch at the posterior means, without noise."""
        audio, labels = data
        _, terms = self.vae_losses(audio, labels=labels)
        if self.classifier:
            terms |= self.classifier_losses(audio, labels)[1]
        return self.report(terms)

    def report(self, terms, *shard):
        """Add a batch's loss terms to the means of the epoch, and return these."""
        for name, values in terms.items():
            if shard:
                replicas.update_mean(self.loss_means[name], values, *shard)
            else:
                self.loss_means[name].update_state(values)
        return replicas.as_logs({name: mean.result() for name, mean in self.loss_means.items()})

    def in_float32(self) -> VAE:
        """Return the model as one that computes in float32, as decoding and exports do; itself if it does already."""
        return self if self.compute_dtype == "float32" else self.bare()

    def bare(self, weights: list | None = None) -> VAE:
        """Return the model in float32 without its optimizers, two thirds of its file, with its weights or others."""
        model = VAE.from_config({**self.get_config(), "dtype": "float32"})
        model.set_weights(self.get_weights() if weights is None else weights)
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
        changes = {"model_config": nested, "loss_config": without_removed}
        config = {**config, **{name: f(config[name]) for name, f in changes.items()}}
        return cls(
            **{name: from_values(parts[name], value) if name in parts else value for name, value in config.items()}
        )


@contextmanager
def _default_policy(policy) -> Iterator[None]:
    """Make this the dtype policy of layers that are created inside the block."""
    kept = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(kept)


@standard_settings()
def build_vae(
    model: ModelConfig,
    loss: LossConfig,
    training: TrainingConfig,
    augmentation: AugmentationConfig | None = None,
    rate_hz: int = 8000,
) -> VAE:
    """Return a compiled model whose initial weights depend on the config alone.

    Args:
        model: the networks.
        loss: weights and reductions of the loss terms.
        training: seed, precision and optimizers.
        augmentation: how training sounds are changed; `None` changes nothing.
        rate_hz: sample rate of the sounds.
    """
    keras.utils.set_random_seed(training.seed)
    policy = {"float32": "float32", "bfloat16": "mixed_bfloat16"}[training.precision]
    vae = VAE(model, loss, augmentation, rate_hz, training.seed, dtype=policy)

    def adam(of_pass: str, learning_rate: float) -> keras.optimizers.Adam:
        clip_norm = training.clip_norm if of_pass in training.clipped_passes else None
        epsilon, name = training.adam_epsilon, f"{of_pass}_optimizer"
        return keras.optimizers.Adam(learning_rate, name=name, global_clipnorm=clip_norm, epsilon=epsilon)

    vae.compile(adam("vae", training.vae_learning_rate), adam("classifier", training.classifier_learning_rate))
    return vae
