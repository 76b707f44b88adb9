"""From one sound to another: a path through the latent space, decoded, beside the plain crossfade.

Contents of a morph folder:

    00.wav … NN.wav     the steps, start to end
    morph.wav           the steps one after the other
    crossfade/          the same steps as a plain mix of two real sounds, and `crossfade.wav`
    morph.png           waveforms of all steps (Figure 3 of Lionello and Purwins, 2020)
    morph.json          endpoints, path, levels, scorecard, and what made them
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audio_vae import audio as audio_files
from audio_vae.dataset import SoundSet
from audio_vae.errors import UserError, one_line
from audio_vae.features import mfcc
from audio_vae.files import atomic_folder, write_json
from audio_vae.metrics import morph_scorecard
from audio_vae.morph_plot import save_morph_plot
from audio_vae.run_folder import Run, environment

LENGTHS = ("A", "B", "interpolate", "full")
"""Length of the steps: the start's, the end's, from one to the other, or all T samples."""

MARKER = "morph.json"
"""File that tells a morph folder."""

QUIET = 0.01
"""Peak of a decoded step below which the model's output counts as nearly silent (−40 dB of full scale)."""

_MOST_CLASSES_SHOWN = 30
_LONGEST_NAME = 80


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Where a morph starts or ends.

    Attributes:
        name: what the user typed.
        kind: `class` (its centre), `sound` (one of the run's) or `file`.
        latent: float32 `[d]`.
        peak: original peak level, in full scale.
        length_samples: samples of the sound before padding.
        source: name of the real sound that `audio` is.
        audio: float32 `[T]` with peak 1, for the crossfade.
    """

    name: str
    kind: str
    latent: np.ndarray
    peak: float
    length_samples: int
    source: str
    audio: np.ndarray

    def to_dict(self) -> dict[str, Any]:
        """Return all but the audio as plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "source": self.source,
            "peak": self.peak,
            "length_samples": self.length_samples,
            "latent": self.latent.tolist(),
        }


@dataclass(frozen=True)
class MorphResult:
    """What `morph` made.

    Attributes:
        folder: the morph folder.
        sidecar: the values of its `morph.json`.
        warnings: one line each.
    """

    folder: Path
    sidecar: dict[str, Any]
    warnings: tuple[str, ...]


def morph(
    run: Run,
    start: str,
    end: str,
    out: Path | None = None,
    *,
    steps: int = 9,
    length: str = "interpolate",
    sounds: SoundSet | None = None,
) -> MorphResult:
    """Morph from one sound to another and write the morph folder, complete or not at all.

    The path is linear in the latent space. Every step is brought to the peak level that lies between
    the two original ones (in decibels), since the model knows only normalised sounds. An older morph
    in `out` is replaced. The same inputs give the same bytes.

    Args:
        run: a trained run.
        start: a class, `class:N` or a sound file; see `parse_endpoint`.
        end: likewise.
        out: the folder to write; left out, `RUN/morphs/<start>-<end>`.
        steps: sounds on the path, both ends included.
        length: one of `LENGTHS`.
        sounds: the sounds that classes refer to; left out, the run's own.

    Raises:
        UserError: an endpoint, `steps` or `length` cannot be used; the run has no model; the model's
            output is silent or not finite; `out` holds other files or cannot be written.
    """
    if steps < 2:
        raise UserError(f"a morph of {steps} steps has no start and end: give 2 steps or more")
    if length not in LENGTHS:
        raise UserError(f"unknown length {length!r}: choose one of {', '.join(LENGTHS)}")
    sounds = run.sounds if sounds is None else sounds
    ends = parse_endpoint(start, run, sounds), parse_endpoint(end, run, sounds)
    if out is None:
        out = run.path / "morphs" / f"{safe_name(start)}-{safe_name(end)}"
    path = linear_path(ends[0].latent, ends[1].latent, steps)
    levels = step_levels(ends[0].peak, ends[1].peak, steps)
    lengths = step_lengths(ends[0].length_samples, ends[1].length_samples, run.config.audio.n_samples, steps, length)
    n_fade = round(run.config.audio.fade_s * run.config.audio.rate_hz)

    decoded = [_cut(sound, n, n_fade) for sound, n in zip(_decode(run, path), lengths, strict=True)]
    mixed = [
        _cut(sound, n, n_fade) for sound, n in zip(crossfade(*(e.audio for e in ends), steps), lengths, strict=True)
    ]
    model_peaks = [audio_files.peak(sound) for sound in decoded]
    warnings = _check_peaks(run, model_peaks, [audio_files.peak(sound) for sound in mixed])
    tracks = {
        "morph": [to_level(sound, level) for sound, level in zip(decoded, levels, strict=True)],
        "crossfade": [to_level(sound, level) for sound, level in zip(mixed, levels, strict=True)],
    }
    rate_hz = run.config.audio.rate_hz
    sidecar = {
        "start": ends[0].to_dict(),
        "end": ends[1].to_dict(),
        "class_centres": "mean of the posterior means of the class's training sounds",
        "steps": steps,
        "length": length,
        "rate_hz": rate_hz,
        "path": path.tolist(),
        "levels": levels.tolist(),
        "lengths_samples": lengths,
        "model_peaks": model_peaks,
        "scorecard": {
            name: morph_scorecard([mfcc(sound, rate_hz) for sound in track]) for name, track in tracks.items()
        },
        "warnings": warnings,
        "config": run.config.to_dict(),
        "model_sha256": hashlib.sha256(run.model_path.read_bytes()).hexdigest(),
        "made_with": environment(),
    }
    _write_folder(Path(out), tracks, rate_hz, ends, sidecar)
    return MorphResult(Path(out), sidecar, tuple(warnings))


def parse_endpoint(text: str, run: Run, sounds: SoundSet) -> Endpoint:
    """Turn what a user typed into a point of the latent space.

    - A class name: the centre of the class, the mean of the posterior means of its training sounds
      (of all its sounds where none is a training sound), with their median peak and length. No real
      sound lies there, so the crossfade takes the one of them that lies nearest.
    - `class:N`: the N-th sound of the class, counting from 0 in the run's order, test sounds included.
    - Otherwise a sound file, read and fitted as the run's own were.

    A class name goes before a file of the same name.

    Raises:
        UserError: no class and no file of that name, N out of range or no number, or an unusable file.
    """
    if text in sounds.class_names:
        return _class_centre(text, run, sounds)
    class_name, colon, number = text.rpartition(":")
    if colon and class_name in sounds.class_names and not os.path.exists(text):
        return _numbered_sound(text, class_name, number, run, sounds)
    if os.path.exists(text):
        return _file_sound(text, run)
    shown = ", ".join(map(str, sounds.class_names[:_MOST_CLASSES_SHOWN]))
    more = ", …" if len(sounds.class_names) > _MOST_CLASSES_SHOWN else ""
    unknown = class_name if re.fullmatch(r"[0-9]+", number) and class_name else text
    raise UserError(
        f"unknown class {unknown!r} in {run.path}, and file not found: give one of {shown}{more}, "
        "class:N for one sound of a class, or the path to a sound file"
    )


def linear_path(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Return evenly spaced points on the straight line, ends exact: `[d]`, `[d]` → float32 `[steps, d]`."""
    position = _positions(steps)[:, np.newaxis]
    return ((1 - position) * start + position * end).astype(np.float32)


def crossfade(start: np.ndarray, end: np.ndarray, steps: int) -> np.ndarray:
    """Return the plain mixes of two sounds, the first to the last: `[T]`, `[T]` → float32 `[steps, T]`."""
    return linear_path(start, end, steps)


def step_levels(start_peak: float, end_peak: float, steps: int) -> np.ndarray:
    """Return the peak of every step, evenly spaced in decibels and at most full scale: float64 `[steps]`."""
    position = _positions(steps)
    return np.minimum(start_peak ** (1 - position) * end_peak**position, 1.0)


def step_lengths(start: int, end: int, full: int, steps: int, length: str) -> list[int]:
    """Return the samples of every step.

    Args:
        start: samples of the start.
        end: samples of the end.
        full: T.
        steps: how many.
        length: one of `LENGTHS`.
    """
    first, last = {"A": (start, start), "B": (end, end), "interpolate": (start, end), "full": (full, full)}[length]
    return [round((1 - position) * first + position * last) for position in _positions(steps).tolist()]


def to_level(samples: np.ndarray, level: float) -> np.ndarray:
    """Scale float `[n]` so that its peak is `level`; what is silent stays as it is."""
    peak = audio_files.peak(samples)
    if peak == 0:
        return samples
    # In float64: the gain of a nearly silent sound may exceed what float32 holds.
    return (samples.astype(np.float64) * (level / peak)).astype(np.float32)


def safe_name(text: str) -> str:
    """Return an endpoint's name as part of a file name that stays in its folder everywhere.

    Only the last part of a path is kept. Where anything is lost, eight digits of a hash of the whole
    text keep different endpoints apart.
    """
    plain = text.replace(":", "_")
    name = re.sub(r"[^\w.-]", "_", re.split(r"[/\\]", plain)[-1]).lstrip(".")
    # Most file systems count bytes, not letters.
    name = name.encode("utf-8")[:_LONGEST_NAME].decode("utf-8", "ignore")
    if name == plain and name:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{name or 'sound'}_{digest}"


def _positions(steps: int) -> np.ndarray:
    return np.linspace(0.0, 1.0, steps)


def _class_centre(name: str, run: Run, sounds: SoundSet) -> Endpoint:
    members = sounds.of_class(sounds.class_names.index(name))
    if not len(members):
        raise UserError(f"class {name!r} has no sounds in {run.path}: choose another class")
    training = members[~sounds.is_test[members]]
    members = training if len(training) else members
    means, _ = run.encode(sounds.audio[members])
    centre = means.mean(axis=0)
    nearest = members[np.argmin(np.linalg.norm(means - centre, axis=1))]
    return Endpoint(
        name=name,
        kind="class",
        latent=centre,
        peak=float(np.median(sounds.peaks[members])),
        length_samples=round(float(np.median(sounds.lengths[members]))),
        source=sounds.names[nearest],
        audio=sounds.audio[nearest],
    )


def _numbered_sound(text: str, class_name: str, number: str, run: Run, sounds: SoundSet) -> Endpoint:
    members = sounds.of_class(sounds.class_names.index(class_name))
    if not re.fullmatch(r"[0-9]+", number):
        raise UserError(f"{number!r} in {text!r} is not a number: give {class_name}:N with N from 0 on")
    # A number of thousands of digits is none that int() reads, and out of range in any case.
    if len(number) > 18 or int(number) >= len(members):
        which = f"give a number from 0 to {len(members) - 1}" if len(members) else "choose another class"
        raise UserError(f"no sound {text!r}: class {class_name!r} has {len(members)} sounds in {run.path}; {which}")
    index = members[int(number)]
    means, _ = run.encode(sounds.audio[[index]])
    return Endpoint(
        name=text,
        kind="sound",
        latent=means[0],
        peak=float(sounds.peaks[index]),
        length_samples=int(sounds.lengths[index]),
        source=sounds.names[index],
        audio=sounds.audio[index],
    )


def _file_sound(text: str, run: Run) -> Endpoint:
    config = run.config.audio
    try:
        fitted, peak, n_samples = audio_files.fit(audio_files.read(text, config.rate_hz).samples, config)
    except audio_files.AudioError as error:
        raise UserError(f"{text!r} cannot be used ({one_line(error)}): choose another sound file") from error
    means, _ = run.encode(fitted[np.newaxis])
    # A name that is no valid Unicode (an old file system's) could not be written to the sidecar.
    name = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Endpoint(name, "file", means[0], float(peak), int(n_samples), source=name, audio=fitted)


def _decode(run: Run, path: np.ndarray) -> np.ndarray:
    decoded = run.decode(path)
    if not np.isfinite(decoded).all():
        raise UserError(f"the model of {run.path} decodes to NaN or infinity: its training diverged, train it again")
    return decoded


def _cut(samples: np.ndarray, n_samples: int, n_fade: int) -> np.ndarray:
    """Return the first samples, faded out unless only silence was cut off."""
    kept = samples[:n_samples]
    return audio_files.fade_out(kept, n_fade) if np.any(samples[n_samples:]) else kept


def _check_peaks(run: Run, model_peaks: Sequence[float], mix_peaks: Sequence[float]) -> list[str]:
    silent = [f"{step:02d}" for step, peak in enumerate(model_peaks) if peak == 0]
    if silent:
        raise UserError(
            f"the model of {run.path} decodes to silence (step {', '.join(silent[:9])}): train it for longer"
        )
    warnings = []
    quiet = [f"{step:02d}" for step, peak in enumerate(model_peaks) if peak < QUIET]
    if quiet:
        warnings.append(
            f"the model's own output is nearly silent (peak {min(model_peaks):.2g} of full scale, "
            f"{len(quiet)} of {len(model_peaks)} steps below {QUIET}) and was amplified: train for longer"
        )
    if min(mix_peaks) == 0:
        warnings.append("a step of the crossfade is silent: the two sounds cancel out, or one starts too late")
    return warnings


def _write_folder(
    out: Path,
    tracks: dict[str, list[np.ndarray]],
    rate_hz: int,
    ends: tuple[Endpoint, Endpoint],
    sidecar: dict,
) -> None:
    try:
        with atomic_folder(out, marker=MARKER) as folder:
            _write_track(folder, "morph.wav", tracks["morph"], rate_hz)
            (folder / "crossfade").mkdir()
            _write_track(folder / "crossfade", "crossfade.wav", tracks["crossfade"], rate_hz)
            columns = {
                f"morph: {ends[0].name} → {ends[1].name}": tracks["morph"],
                f"crossfade: {ends[0].source} → {ends[1].source}": tracks["crossfade"],
            }
            save_morph_plot(folder / "morph.png", columns, rate_hz)
            write_json(folder / MARKER, sidecar)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({one_line(error)}): choose another folder with --out") from error


def _write_track(folder: Path, joined: str, track: Sequence[np.ndarray], rate_hz: int) -> None:
    n_digits = max(2, len(str(len(track) - 1)))
    for step, samples in enumerate(track):
        audio_files.write(folder / f"{step:0{n_digits}d}.wav", samples, rate_hz)
    audio_files.write(folder / joined, np.concatenate(track), rate_hz)
