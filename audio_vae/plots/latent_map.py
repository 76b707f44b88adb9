"""The map of the latents (Figure 2 of the paper)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audio_vae.plots import figure

_MARKERS = "osD^vPXh<>"


@figure.standard_style()
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
        class_names: a name for each class.
        seed: seed of t-SNE.
    """
    points, method = project(latents, seed)
    title = f"Latents of the {len(latents)} test sounds ({method})"
    figure.save(_latent_figure(points, labels, class_names, title), path)


@figure.standard_style()
def latent_map_picture(latents: np.ndarray, labels: np.ndarray, class_names: Sequence[str]) -> np.ndarray:
    """Draw latents by their first two principal components, which is much faster than t-SNE.

    Args:
        latents: posterior means `[N, d]`.
        labels: int `[N]`.
        class_names: a name for each class.

    Returns:
        The picture, uint8 `[height, width, 4]`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    points = principal_components(latents)
    fig = _latent_figure(points, labels, class_names, f"Latents of {len(latents)} sounds (principal components)")
    fig.set_dpi(figure.DPI)
    canvas = FigureCanvasAgg(fig)
    with figure.boxes_for_missing_glyphs():
        canvas.draw()
    return np.asarray(canvas.buffer_rgba())


def _latent_figure(points: np.ndarray, labels: np.ndarray, class_names: Sequence[str], title: str):
    fig = figure.new_figure(7.5, 6)
    axes = fig.subplots()
    for label in np.unique(labels):
        of_class = points[labels == label]
        axes.scatter(
            of_class[:, 0],
            of_class[:, 1],
            s=36,
            color=figure.class_colour(label, len(class_names)),
            marker=_MARKERS[label % len(_MARKERS)],
            edgecolor="white",
            linewidth=0.5,
            label=figure.short_name(class_names[label]),
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
    return fig


def principal_components(latents: np.ndarray) -> np.ndarray:
    """Return the first two principal components of latents, `[N, d]` → `[N, 2]`; there is a zero for a missing one."""
    centred = latents - latents.mean(axis=0)
    components = np.linalg.svd(centred, full_matrices=False)[2][:2]
    # The sign of a principal component is arbitrary: its largest entry is made positive, so that the maps of two epochs
    # look alike.
    largest = components[np.arange(len(components)), np.abs(components).argmax(axis=1)]
    points = centred @ (components * np.sign(largest)[:, np.newaxis]).T
    return np.pad(points, ((0, 0), (0, 2 - points.shape[1])))


def project(latents: np.ndarray, seed: int) -> tuple[np.ndarray, str]:
    """Project latents to two dimensions by t-SNE; fewer than four keep their first two dimensions.

    Args:
        latents: `[N, d]`.
        seed: seed of t-SNE.

    Returns:
        Points `[N, 2]`, and the name of the method.
    """
    from sklearn.manifold import TSNE

    n_sounds, n_dimensions = latents.shape
    if n_sounds < 4:
        return np.pad(latents, ((0, 0), (0, max(0, 2 - n_dimensions))))[:, :2], "first two dimensions"
    # The perplexity has to be smaller than the number of points; a third of it keeps the map local.
    perplexity = min(30.0, (n_sounds - 1) / 3)
    # Starting from the principal components works better, but there are none when all latents coincide.
    is_spread = n_dimensions > 1 and np.linalg.matrix_rank(latents - latents.mean(axis=0)) > 1
    t_sne = TSNE(perplexity=perplexity, init="pca" if is_spread else "random", random_state=seed % 2**32)
    return t_sne.fit_transform(np.asarray(latents, np.float32)), f"t-SNE, perplexity {perplexity:.0f}"
