"""The presets with networks and losses so small that a training takes a second."""

from audio_vae import presets as audio_vae_presets

MODEL = {
    "cc_filters": (2, 2, 2, 2, 2),
    "depth": 2,
    "block_filters": 2,
    "stem_filters": 2,
    "studio_filters": (2,),
    "studio_dilations": (1,),
    "studio_tones": 2,
    "studio_noise_bands": 2,
}
LOSS = {"centre_weight": 0.0, "between_weight": 0.0}
"""Soft-DTW on real lengths takes seconds to trace; it is tested where it is made."""


def shrink(presets=audio_vae_presets.PRESETS, **model):
    """Make presets tiny, in place; `model` overrides `MODEL`. What data sets need (`NEEDS`) is of the real ones."""
    for name, values in list(presets.items()):
        presets[name] = {
            **values,
            "model": {**values["model"], **MODEL, **model},
            "loss": {**values.get("loss", {}), **(LOSS if name == "studio" else {})},
        }
