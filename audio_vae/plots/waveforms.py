"""Pictures of the evaluation report, each written as one PNG file.

Figures are made without pyplot, so there is no global state and no display is needed; Matplotlib is
imported when the first one is drawn, because it is slow to import.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

MOST_PANELS = 24
"""Classes that a picture with a panel a class shows; a folder of sounds may have hundreds."""

_MARKERS = "osD^vPXh<>"
_ORIGINAL = "0.7"
_RECONSTRUCTION = "#1f5a94"
_DPI = 120
_COPY_WIDTH = 1000
_COPY_COLOURS = 32


def save_latent_map(
    path: Path,
    latents: np.ndarray,
    labels: np.ndarray,
    class_names: Sequence[str],
    *,
    seed: int,
) -> None:
    """Draw latents in two dimensions by t-SNE, coloured by class (Figure 2 of Lionello and Purwins, 2020).

    Args:
        path: the PNG to write.
        latents: posterior means `[N, d]`.
        labels: int `[N]`.
        class_names: one a class.
        seed: of t-SNE.
    """
    points, method = project(latents, seed)
    title = f"Latents of the {len(latents)} test sounds ({method})"
    _save(_latent_figure(points, labels, class_names, title), path)


def latent_map_picture(latents: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
    """Draw latents by their first two principal components, which takes a moment where t-SNE takes seconds.

    Args:
        latents: posterior means `[N, d]`.
        labels: int `[N]`.
        class_names: one a class.

    Returns:
        the picture, uint8 `[height, width, 4]`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    centred = latents - latents.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    # An axis has no direction of its own: its largest part points up, so that maps of two epochs are alike.
    axes = axes * np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])[:, np.newaxis]
    points = centred @ axes.T
    points = np.pad(points, ((0, 0), (0, 2 - points.shape[1])))
    figure = _latent_figure(points, labels, class_names, f"Latents of {len(latents)} sounds (principal components)")
    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    with _boxes_for_missing_glyphs():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def _latent_figure(points: np.ndarray, labels: np.ndarray, class_names: Sequence[str], title: str):
    figure = _figure(7.5, 6)
    axes = figure.subplots()
    for label in np.unique(labels):
        of_class = points[labels == label]
        axes.scatter(
            of_class[:, 0],
            of_class[:, 1],
            s=36,
            color=_colour(label, len(class_names)),
            marker=_MARKERS[label % len(_MARKERS)],
            edgecolor="white",
            linewidth=0.5,
            label=_plain(class_names[label]),
        )
    axes.set_title(title, fontsize=10)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.legend(
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=8,
        ncols=1 + len(class_names) // 26,
    )
    return figure


def project(latents: np.ndarray, seed: int) -> tuple[np.ndarray, str]:
    """Bring latents to two dimensions by t-SNE, or as they are where there are too few for it.

    Args:
        latents: `[N, d]`.
        seed: of t-SNE.

    Returns:
        `[N, 2]`, and the method's name.
    """
    from sklearn.manifold import TSNE

    n_sounds, n_dimensions = latents.shape
    if n_sounds < 4:
        return np.pad(latents, ((0, 0), (0, max(0, 2 - n_dimensions))))[:, :2], "first two dimensions"
    # t-SNE wants fewer neighbours than points; a third of them keeps the picture local.
    perplexity = min(30.0, (n_sounds - 1) / 3)
    # The principal components are the better start, but do not exist when all latents coincide.
    is_spread = n_dimensions > 1 and np.linalg.matrix_rank(latents - latents.mean(axis=0)) > 1
    t_sne = TSNE(perplexity=perplexity, init="pca" if is_spread else "random", random_state=seed % 2**32)
    return t_sne.fit_transform(np.asarray(latents, np.float32)), f"t-SNE, perplexity {perplexity:.0f}"


def save_training_curves(path: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Draw every loss term over the epochs, one panel each.

    Args:
        path: the PNG to write.
        history: rows of history.csv, at least one.
    """
    terms = [name for name in history[0] if name != "epoch"]
    epochs = [row.get("epoch", number) for number, row in enumerate(history, start=1)]
    figure = _figure(3.6 * len(terms), 3)
    for axes, term in zip(figure.subplots(1, len(terms), squeeze=False)[0], terms, strict=True):
        values = np.array([row[term] for row in history])
        # A single epoch is a point, which a line alone would not show.
        axes.plot(epochs, values, color=_RECONSTRUCTION, linewidth=1.2, marker="o" if len(values) < 20 else "")
        if values.min() > 0 and values.max() > 100 * values.min():
            axes.set_yscale("log")
        axes.set_title(term.replace("_", " "), fontsize=10)
        axes.set_xlabel("epoch")
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(alpha=0.3)
    _save(figure, path)


def save_reconstructions(
    path: Path, originals: Mapping[str, np.ndarray], reconstructions: Mapping[str, np.ndarray], rate_hz: int
) -> None:
    """Draw reconstructed sounds over the originals, one panel a sound.

    Args:
        path: the PNG to write.
        originals: title → float `[T]`.
        reconstructions: the same titles → float `[T]`.
        rate_hz: their sample rate.
    """

    def draw(axes, title):
        time_s = np.arange(len(originals[title])) / rate_hz
        axes.plot(time_s, originals[title], color=_ORIGINAL, linewidth=0.6)
        axes.plot(time_s, reconstructions[title], color=_RECONSTRUCTION, linewidth=0.6)
        axes.set_ylim(-1.05, 1.05)

    _save_panels(path, list(originals), draw, "Test sounds (grey) and their reconstructions (blue)")


def save_centres(path: Path, centres: Mapping[str, np.ndarray], rate_hz: int) -> None:
    """Draw the decoded class centres, one panel a class, all on one scale.

    Args:
        path: the PNG to write.
        centres: class name → float `[T]`, as decoded.
        rate_hz: their sample rate.
    """
    largest = max(float(np.max(np.abs(samples))) for samples in centres.values()) or 1.0

    def draw(axes, name):
        axes.plot(np.arange(len(centres[name])) / rate_hz, centres[name], color=_RECONSTRUCTION, linewidth=0.6)
        axes.set_ylim(-1.05 * largest, 1.05 * largest)

    _save_panels(path, list(centres), draw, "Decoded class centres, levels as decoded")


def save_small_copy(source: Path, target: Path) -> None:
    """Copy a picture with the pixels and colours that a page needs, in a quarter of the bytes.

    Args:
        source: a PNG.
        target: the PNG to write.
    """
    from PIL import Image

    with Image.open(source) as picture:
        copy = picture.convert("RGB")
    if copy.width > _COPY_WIDTH:
        copy = copy.resize((_COPY_WIDTH, round(copy.height * _COPY_WIDTH / copy.width)), Image.Resampling.LANCZOS)
    copy.quantize(_COPY_COLOURS, dither=Image.Dither.NONE).save(target, format="PNG", optimize=True)


def _save_panels(path: Path, titles: Sequence[str], draw, heading: str) -> None:
    shown = titles[:MOST_PANELS]
    if len(shown) < len(titles):
        heading += f" (the first {len(shown)} of {len(titles)})"
    n_rows = -(-len(shown) // 2)
    figure = _figure(10, 0.8 + 1.25 * n_rows)
    panels = figure.subplots(n_rows, 2, sharex=True, squeeze=False).ravel()
    for axes, title in zip(panels, shown, strict=False):
        draw(axes, title)
        axes.set_title(_plain(title), fontsize=8, loc="left", pad=2)
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    for axes in panels[max(0, len(shown) - 2) : len(shown)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("time (s)", fontsize=8)
    figure.suptitle(heading, fontsize=10)
    _save(figure, path)


def _figure(width: float, height: float):
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _colour(label: int, n_classes: int):
    import matplotlib

    if n_classes <= 10:
        return matplotlib.colormaps["tab10"](label)
    return matplotlib.colormaps["turbo"](label / (n_classes - 1))


def _plain(name: str) -> str:
    """Return a name as Matplotlib draws it to the letter: no formula, no hidden legend entry."""
    name = name if len(name) <= 48 else name[:47] + "…"
    return (" " + name if name.startswith("_") else name).replace("$", r"\$")


def _save(figure, path: Path) -> None:
    with _boxes_for_missing_glyphs():
        figure.savefig(path, dpi=_DPI, format="png")


@contextmanager
def _boxes_for_missing_glyphs() -> Iterator[None]:
    """Draw names in scripts that the default font lacks as boxes; that is no news for the user."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield
