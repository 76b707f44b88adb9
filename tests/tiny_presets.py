"""The presets with networks and losses so small that a training takes a second."""

from audio_vae import presets as audio_vae_presets

MODEL = {
    "cc": {"filters": (2, 2, 2, 2, 2)},
    "dc": {"depth": 2, "filters": 2, "stem_filters": 2},
    "voice": {"filters": (2,), "dilations": (1,), "n_voice_bands": 4, "n_noise_bands": 4},
    "oneshot": {"n_noise_bands": 8, "hidden_units": 8},
}
LOSS = {"centre_weight": 0.0, "between_weight": 0.0}
"""Soft-DTW of sounds of full length takes seconds to trace; it has tests of its own."""


def shrink(presets=audio_vae_presets.PRESETS):
    """Make presets tiny, in place. What data sets need (`NEEDS`) stays that of the real presets."""
    for name, values in list(presets.items()):
        loss = LOSS if name == "studio" else {}
        presets[name] = audio_vae_presets.joined(values, {"model": MODEL, "loss": loss})


def shrink_until_undone(monkeypatch, *configs):
    """Make presets tiny until a monkeypatch is undone, without what the data sets of these config modules need."""
    monkeypatch.setattr(audio_vae_presets, "PRESETS", dict(audio_vae_presets.PRESETS))
    for config in configs:
        monkeypatch.setattr(config, "NEEDS", {})
    shrink(audio_vae_presets.PRESETS)
