"""What the page has to know of a model, and the files of the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from audio_vae.explorer.layout import quick_layout
from audio_vae.explorer.workbench import Workbench

PAGE = Path(__file__).parent / "page"

KITS = {"sfz": "for SFZ players", "decentsampler": "for Decent Sampler", "hydrogen": "for Hydrogen"}
"""Formats of kits → how they are called."""

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Ending of a file of the page → what it is."""


def page_files() -> list[Path]:
    """Return the files of the page that the server hands out: nothing else can be asked for."""
    return sorted(path for path in PAGE.iterdir() if path.suffix in TYPES and not path.name.startswith("static"))


def about(bench: Workbench, ends: tuple[str, str]) -> dict[str, Any]:
    """Return what the page has to know of a model, as JSON values."""
    known, run = bench.model.sounds, bench.run
    number = {name: index for index, name in enumerate(bench.model.classes)}
    here = set(run.sounds.names)
    points, method = quick_layout(bench.latents)
    return {
        "name": run.card.name if run.card else run.path.name,
        "model_sha256": run.model_sha256,
        "rate_hz": bench.model.rate_hz,
        "n_samples": bench.model.n_samples,
        "class_names": list(bench.model.classes),
        "centres": list(bench.centres),
        "names": list(known.names),
        "labels": [number[name] for name in known.classes],
        "is_real": [name in here for name in known.names],
        **coordinates(points),
        "method": method,
        "has_layout": True,
        "ends": list(ends),
        "render": bench.render,
        "can": ["morph", "crossfade", "blend", "vary", "sample"],
        "keeps": ["wav", "zip", "kit"],
        "kits": KITS,
        "left_out": None,
    }


def coordinates(points: np.ndarray) -> dict[str, list[float]]:
    """Return points `[N, 2]` as the page draws them, where y goes down."""
    return {"x": [round(float(x), 4) for x in points[:, 0]], "y": [round(float(-y), 4) for y in points[:, 1]]}
