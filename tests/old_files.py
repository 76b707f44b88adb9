"""Files as version 0.1 wrote them, in which a model's config named the values of all architectures side by side."""

OLD_NAMES = {
    "dc": {"filters": "block_filters"},
    "cc": {"filters": "cc_filters", "kernels": "cc_kernels"},
}
"""Architecture → today's name → the name in version 0.1, where they differ."""

REMOVED = {"studio_mels": 40, "studio_tones": 0}
"""Some of what version 0.1 wrote of networks that were removed; it had no effect on others."""


LATER = {
    "dc": {"padding", "stem_activation", "strided_kernel", "decoder_backwards"},
    "": {"classifier_output", "classifier_start_std", "latent_layers", "pointwise", "dense_output"},
}
"""Architecture, or nothing for what all share → the values that only later versions have."""


def flat(model):
    """Return the values of a `ModelConfig` (`dataclasses.asdict`) as version 0.1 wrote them."""
    shared = {name: value for name, value in model.items() if name not in (*OLD_NAMES, *LATER[""])}
    parts = {
        OLD_NAMES[part].get(name, name): value
        for part in OLD_NAMES
        for name, value in model[part].items()
        if name not in LATER.get(part, ())
    }
    return shared | REMOVED | parts
