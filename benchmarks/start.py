"""Where the seconds of a command go, from the shell to its files: each run in a fresh process.

    python benchmarks/start.py                                   the commands of the README
    python benchmarks/start.py -- drums morph kick snare         another one
    python benchmarks/start.py --processor                       seconds of processor time, on a busy machine
    taskset -c 0,1 python benchmarks/start.py --repeats 9        on two cores of more

The audio-vae that is installed beside the running Python is measured, the one of the checkout where there is none. All
commands are run once before. Of the repeats, the one with the least wall time counts; its parts add up to it. A part
does not include others that it called: modules are loaded in every part, but their time stands in lines of their own.
Processor time is that of all threads, which is more than wall time where two cores work.
"""

from __future__ import annotations

import argparse
import functools
import importlib._bootstrap as bootstrap
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]

COMMANDS = (
    "--help",
    "models",
    "drums morph hihat tom",
    "digits morph 3 7",
)

PARTS = {
    "audio_vae.runs.run:Run.model": "reading the model",
    "audio_vae.runs.run:Run.model_sha256": "reading the model",
    "audio_vae.runs.run:Run.sounds": "reading sounds",
    "audio_vae.morphing.made_morph:make_path": "shaping",
    "audio_vae.morphing.made_morph:score_tracks": "scores",
    "audio_vae.morphing.made_morph:model_distances_db": "scores",
    "audio_vae.morphing.morph:save_morph_plot": "picture",
    "audio_vae.morphing.morph:_write_steps": "sound files",
    "audio_vae.runs.run:predict": "networks",
}
"""Function or property, by the module that uses it → the part of a command that it is."""

FIRST_CALLS = "networks, first call of each (tracing)"
LOADING = "loading "
SHOWN_PACKAGES = 8


class Clock:
    """Time by part, each without the parts within.

    Args:
        now: returns seconds.
        started_s: what it returned when the process started.
    """

    def __init__(self, now: Callable[[], float], started_s: float):
        self.seconds: Counter[str] = Counter()
        self._now = now
        self._parts = ["interpreter"]
        self._since_s = started_s

    def within(self, part: str, function: Callable, *arguments, **options):
        """Call a function; its time goes to a part."""
        self._turn()
        self._parts.append(part)
        try:
            return function(*arguments, **options)
        finally:
            self._turn()
            self._parts.pop()

    def start(self, part: str) -> None:
        """Let what follows count for a part that no other is within."""
        self._turn()
        self._parts = [part]

    def _turn(self) -> None:
        now_s = self._now()
        self.seconds[self._parts[-1]] += now_s - self._since_s
        self._since_s = now_s


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure commands, and print a table of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="a command, without the name of the program")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--processor", action="store_true", help="measure processor time in place of wall time")
    options = parser.parse_args(arguments)
    for words in [options.words] if options.words else [line.split() for line in COMMANDS]:
        runs = sorted(
            (measure(words, options.processor) for _ in range(options.repeats + 1)), key=lambda run: sum(run.values())
        )
        print("\n".join(table(words, runs)), flush=True)


def table(words: Sequence[str], runs: Sequence[dict[str, float]]) -> list[str]:
    """Return the lines of a table: the parts of the first run, and the total of all."""
    totals = [sum(run.values()) for run in runs]
    lines = [f"audio-vae {' '.join(words)}: {totals[0]:.2f} s (of {len(runs)} runs, the slowest {totals[-1]:.2f} s)"]
    packages = {part: seconds for part, seconds in runs[0].items() if part.startswith(LOADING)}
    shown = dict(Counter(packages).most_common(SHOWN_PACKAGES))
    rest = sum(packages.values()) - sum(shown.values())
    for part, seconds in [*shown.items(), (f"{LOADING}others", rest), *runs[0].items()]:
        if (part in shown or part not in packages) and seconds >= 0.005:
            lines.append(f"  {seconds:6.2f} s  {part}")
            shown.pop(part, None)
    return lines


def measure(words: Sequence[str], processor: bool = False) -> dict[str, float]:
    """Run a command in a fresh process and return the seconds of each part, of wall time or of processor time."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryDirectory() as name:
        result = Path(name, "seconds.json")
        program = [sys.executable, str(Path(__file__).resolve()), "--within", str(result)]
        now = _processor_s_of_children if processor else time.monotonic
        started_s = now()
        # The wall clock is that of all processes; the processor time of the new one starts at 0.
        own = "processor" if processor else repr(started_s)
        subprocess.run([*program, own, *words], check=True, env=environment, cwd=name, stdout=subprocess.DEVNULL)
        seconds = json.loads(result.read_text(encoding="utf-8"))
        seconds["the end of the process"] = now() - started_s - sum(seconds.values())
    return seconds


def _processor_s_of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def run_within(result: str, started: str, *words: str) -> None:
    """Run a command in this process, and write the seconds of each part to a file."""
    # As for the installed program, the folder of this file is not searched for modules.
    sys.path.pop(0)
    clock = Clock(time.process_time, 0.0) if started == "processor" else Clock(time.monotonic, float(started))
    clock.start("other things")
    watch(clock)
    with suppress(SystemExit):
        try:
            from audio_vae.cli.start import run
        except ModuleNotFoundError:
            sys.path.insert(0, str(ROOT))
            from audio_vae.cli.start import run
        sys.argv = ["audio-vae", *words]
        run()
    clock.start("end")
    del clock.seconds["end"]
    Path(result).write_text(json.dumps(clock.seconds), encoding="utf-8")


def watch(clock: Clock) -> None:
    """Count the time in which modules load for their packages, and that of functions for their parts."""
    find_and_load = bootstrap._find_and_load
    unwatched = dict(PARTS)

    # This is what `python -X importtime` measures, which the program hides with all that is printed at that time.
    def watched(name, import_):
        module = clock.within(f"{LOADING}{name.partition('.')[0]}", find_and_load, name, import_)
        for place in [each for each in unwatched if each.partition(":")[0] == name]:
            _watch_function(clock, sys.modules[name], place.partition(":")[2], unwatched.pop(place))
        return module

    bootstrap._find_and_load = watched


def _watch_function(clock: Clock, module: ModuleType, name: str, part: str) -> None:
    """Let the time of a function, a property or a cached property of a module count for a part."""
    *owner, name = name.split(".")
    owner = getattr(module, owner[0]) if owner else module
    function = owner.__dict__[name]
    if isinstance(function, functools.cached_property):
        cached = functools.cached_property(lambda self: clock.within(part, function.func, self))
        cached.__set_name__(owner, name)
        setattr(owner, name, cached)
    elif isinstance(function, property):
        setattr(owner, name, property(lambda self: clock.within(part, function.fget, self)))
    elif name == "predict":
        known = set()

        def predict(network, values):
            first = (id(network), len(values) == 1) not in known
            known.add((id(network), len(values) == 1))
            return clock.within(FIRST_CALLS if first else part, function, network, values)

        module.predict = predict
    else:
        setattr(owner, name, lambda *arguments, **options: clock.within(part, function, *arguments, **options))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--within"]:
        run_within(*sys.argv[2:])
    else:
        main()
