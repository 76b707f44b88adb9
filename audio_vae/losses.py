"""The paper's loss terms as pure functions on tensors of any Keras backend.

Each returns one value a sound, shape `[B]`; weights and the batch mean are the model's.
"""

from __future__ import annotations

from keras import ops


def _reduce(values, reduction: str):
    """Sum or average all axes but the first: `[B, …]` → `[B]`."""
    axes = tuple(range(1, len(values.shape)))
    return ops.sum(values, axis=axes) if reduction == "sum" else ops.mean(values, axis=axes)


def squared_error(audio, reconstruction, reduction: str = "sum"):
    """L_likelihood: squared error in the time domain (Eq. 1, first term).

    Args:
        audio: `[B, T]` or `[B, T, 1]`, full scale ±1.
        reconstruction: the same shape.
        reduction: `sum` over samples, the squared norm that Eq. 1 prints, or `mean`.

    Returns:
        `[B]`.
    """
    return _reduce(ops.square(reconstruction - audio), reduction)


def kl_divergence(mean, log_variance, reduction: str = "sum"):
    """KL(N(mean, variance) ‖ N(0, I)) in nats (Eq. 1, second term; Kingma and Welling 2014, App. B).

    Args:
        mean: posterior mean, `[B, d]`.
        log_variance: logarithm of the posterior variance, `[B, d]`.
        reduction: `sum` over latent dimensions (the divergence itself) or `mean`.

    Returns:
        `[B]`, never negative.
    """
    # expm1(v) − v is exact near v = 0, where exp(v) − v − 1 cancels.
    return 0.5 * _reduce(ops.square(mean) + ops.expm1(log_variance) - log_variance, reduction)


def cross_entropy(labels, logits):
    """Cross-entropy of the classifier on the bottleneck (Section 3.1), in nats.

    Args:
        labels: class numbers, int `[B]`.
        logits: `[B, n_classes]`.

    Returns:
        `[B]`.
    """
    log_probability = ops.log_softmax(logits, axis=-1)
    return -ops.take_along_axis(log_probability, ops.expand_dims(labels, -1), axis=-1)[:, 0]
