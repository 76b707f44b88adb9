"""What the programs that `peers/run.py` starts answer with: lines of JSON, times and memory.

It needs Python alone, because RAVE has a virtual environment of its own.
"""

from __future__ import annotations

import json
import os
import resource
import time


def peak_memory_gib() -> float:
    """Return the most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def answer_times(started_s: float, processor_s: float) -> None:
    """Answer with the time since then: on the clock, and of the processor for each core that may be used."""
    n_cores = len(os.sched_getaffinity(0))
    seconds, processor_s = time.perf_counter() - started_s, (time.process_time() - processor_s) / n_cores
    answer(seconds=seconds, processor_s=processor_s, memory_gib=peak_memory_gib())


def answer(**values) -> None:
    """Write a line of JSON to standard output, at once."""
    print(json.dumps(values), flush=True)
