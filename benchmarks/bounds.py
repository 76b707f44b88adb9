"""Bounds of the MFCC-DTW deviation (Eq. 2) on the real spoken digits: what a perfect decoder could reach.

    python benchmarks/bounds.py --data ../shared/data/fsdd

Each row puts something else in the place of the decoded class centre and prints the mean deviation over the
ten digits, then the figure that the project's reading of the paper noted earlier and whether the two agree.
The measuring is `audio_vae.reproduction.bounds`. tslearn's default of 30 updates does not give the noted figures of DBA
(theo's -0.29 becomes -0.50).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from audio_vae.digits.dataset import DATASET
from audio_vae.reproduction.bounds import bounds, cut_hard

NOTED = {
    "medoid of the training takes": {"jackson": 0.18, "theo": 0.39, "nicolas": -0.04},
    "DBA of the training takes (5 updates)": {"jackson": -1.17, "theo": -0.29, "nicolas": -0.87},
    "medoid of the test takes": {"jackson": -1.10, "theo": -1.14, "nicolas": -1.14},
    "DBA of the test takes (10 updates)": {"jackson": -1.89, "theo": -2.00, "nicolas": -1.62},
    "sample-wise mean of the training takes": {"jackson": 4.57, "theo": 14.32, "nicolas": 9.42},
    "1-NN by MFCC-DTW, share": {"jackson": 0.98, "theo": 0.99, "nicolas": 0.84},
}
"""Row → speaker → the figure noted earlier, to two places."""

TOLERANCE = 0.02


def main() -> None:
    """Print the table of every speaker."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings")
    parser.add_argument("--speaker", nargs="+", default=["jackson", "theo", "nicolas"])
    arguments = parser.parse_args()
    n_compared = n_equal = 0
    for speaker in arguments.speaker:
        started = time.perf_counter()
        config = cut_hard(DATASET.make_config("cc", speakers=(speaker,)))
        measured = bounds(DATASET.prepare(config, arguments.data).sounds)
        print(f"{speaker} ({time.perf_counter() - started:.0f} s)\n  {'':42}measured   noted")
        for name, value in measured.items():
            noted = NOTED.get(name, {}).get(speaker)
            agreement = ""
            if noted is not None:
                is_equal = abs(value - noted) <= TOLERANCE
                n_compared, n_equal = n_compared + 1, n_equal + is_equal
                agreement = f"{noted:8.2f}   {'agrees' if is_equal else 'DIFFERS'}"
            print(f"  {name:42}{value:8.3f}{agreement}")
    print(f"{n_equal} of {n_compared} figures agree to {TOLERANCE}")


if __name__ == "__main__":
    main()
