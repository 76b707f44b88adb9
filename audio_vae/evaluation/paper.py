"""The figures that Lionello and Purwins (2020) print for spoken digits: Table 3, 1-NN accuracy, names of the models.

No other module holds a number of the paper's results.
"""

from __future__ import annotations

AVERAGE = "average"
"""Row of Table 3 below the digits."""

_ROWS = (*"0123456789", AVERAGE)


def _by_row(*values: tuple[float, float]) -> dict[str, tuple[float, float]]:
    return dict(zip(_ROWS, values, strict=True))


TABLE_3 = {
    "dc": _by_row(
        *((-0.29, 0.96), (-0.47, 0.16), (-0.38, 0.51), (0.00, 1.19), (-0.25, 0.71)),
        *((-0.46, 0.14), (-0.32, 0.73), (-0.37, 0.27), (-0.42, 0.47), (-0.32, 0.68), (-0.33, 0.58)),
    ),
    "cc": _by_row(
        *((0.79, 1.65), (0.79, 1.72), (0.03, 1.13), (0.69, 1.71), (0.38, 1.43)),
        *((0.02, 1.14), (-0.24, 0.93), (-0.21, 0.90), (-0.05, 1.19), (-0.23, 0.83), (0.20, 1.26)),
    ),
    "dc-nonclass": _by_row(
        *((3.39, 2.23), (5.98, 3.25), (3.81, 1.98), (5.59, 3.13), (2.55, 1.86)),
        *((5.17, 2.58), (5.95, 2.88), (3.48, 2.00), (2.88, 2.00), (6.41, 4.73), (4.52, 2.66)),
    ),
}
"""MFCC-DTW deviation (Eq. 2): preset → digit or `average` → (mean, standard deviation), as printed."""

ONE_NN = {"dc": 0.96, "cc": 0.94}
"""1-NN accuracy in the latent space (Section 5): preset → share between 0 and 1."""

TITLES = {"dc": "DC-VAE", "cc": "CC-VAE", "dc-nonclass": "DC-VAE, no classifier"}
"""What the paper calls its models: preset, which is also the name of the experiment → name."""
