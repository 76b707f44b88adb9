"""The figures of the paper."""

from __future__ import annotations

_DIGITS = "0123456789"


PAPER_TABLE_3 = {
    "dc": (
        *((-0.29, 0.96), (-0.47, 0.16), (-0.38, 0.51), (0.00, 1.19), (-0.25, 0.71)),
        *((-0.46, 0.14), (-0.32, 0.73), (-0.37, 0.27), (-0.42, 0.47), (-0.32, 0.68), (-0.33, 0.58)),
    ),
    "cc": (
        *((0.79, 1.65), (0.79, 1.72), (0.03, 1.13), (0.69, 1.71), (0.38, 1.43)),
        *((0.02, 1.14), (-0.24, 0.93), (-0.21, 0.90), (-0.05, 1.19), (-0.23, 0.83), (0.20, 1.26)),
    ),
    "dc-nonclass": (
        *((3.39, 2.23), (5.98, 3.25), (3.81, 1.98), (5.59, 3.13), (2.55, 1.86)),
        *((5.17, 2.58), (5.95, 2.88), (3.48, 2.00), (2.88, 2.00), (6.41, 4.73), (4.52, 2.66)),
    ),
}
"""Preset → (mean, standard deviation) of the digits zero to nine and of their average, as Table 3 prints them."""


PAPER_ONE_NN = {"dc": 0.96, "cc": 0.94}
"""Preset → 1-NN accuracy in the latent space (Section 5)."""


TITLES = {"dc": "DC-VAE", "cc": "CC-VAE", "dc-nonclass": "DC-VAE, no classifier"}
"""Experiment with a column in the paper's Table 3 → what the paper calls it."""
