"""How quick the explorer is, in a real browser (Debian's chromium, driven by playwright).

    python benchmarks/explore.py                 the server, with the pretrained drums model
    python benchmarks/explore.py --static DIR    the page as files, as `audio-vae explore --static DIR` wrote it

It prints how long the page takes to be ready once the server is, how long a sound takes from the slider (or from a
click on another sound) until it is handed to the sound card, how many bytes of memory the server has, and how 50
requests at once are answered. What the sound card adds is the browser's own figure.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--autoplay-policy=no-user-gesture-required"),
)
LISTEN = """
window.heard = [];
document.addEventListener("sounded", (event) => heard.push([event.detail.delay_ms, event.detail.output_ms]));
window.made = {};
document.addEventListener("made", (event) => (made[event.detail.render] = performance.now()));
"""
MAKE = """
async ([module, verb, calls]) => {
  const backend = await import(module);
  const times = [];
  for (const values of calls) {
    const started = performance.now();
    await backend[verb](...values);
    times.push(performance.now() - started);
  }
  return times;
}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--static", type=Path, metavar="DIR", help="a folder that audio-vae explore --static wrote")
    parser.add_argument("--repeats", type=int, default=100)
    given = parser.parse_args(arguments)
    from playwright.sync_api import sync_playwright

    serving = file_server(given.static) if given.static else explorer()
    with serving as (url, process), sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1280, "height": 840})
        page.add_init_script(LISTEN)
        started = time.perf_counter()
        page.goto(url)
        page.wait_for_selector("html[data-ready=yes]")
        print(f"page ready: {time.perf_counter() - started:.2f} s")
        wait(page, "made.model > 0")
        print(f"all steps of the model: {page.evaluate('made.model') / 1000:.2f} s after the page began to load")
        if not given.static:
            wait(page, "made.sound > 0")
            print(f"all steps made of the sounds: {page.evaluate('made.sound') / 1000:.2f} s after that")
        time.sleep(5)
        measure_slider(page, given.repeats)
        measure_sounds(page, "./static.js" if given.static else "./server.js", given.repeats)
        if not given.static:
            measure_many(url)
            print(f"memory of the server: {resident_mib(process.pid):.0f} MiB")
        browser.close()


def measure_slider(page, repeats: int) -> None:
    """Drag the slider to and fro, and print how long each sound took from the movement."""
    box = page.locator("#at").bounding_box()
    page.mouse.move(box["x"] + 12, box["y"] + 17)
    page.mouse.down()
    for number in range(repeats):
        share = abs((number / 25) % 2 - 1)
        page.mouse.move(box["x"] + 12 + share * (box["width"] - 24), box["y"] + 17)
        page.wait_for_timeout(30)
    page.mouse.up()
    heard = [each for each in page.evaluate("heard") if each[0] is not None]
    print_times("slider to sound, made ahead", [delay for delay, _ in heard])
    print(f"  and what the browser says of the sound card: {heard[-1][1]:.0f} ms")


def measure_sounds(page, module: str, repeats: int) -> None:
    """Ask for sounds that are not made yet, and print how long each took to arrive."""
    ends = ["class:kick", "class:snare"]
    places = [[*ends, number / repeats + 0.003, "model"] for number in range(repeats)]
    print_times("one sound between two steps, by the model", page.evaluate(MAKE, [module, "between", places]))
    sounds = [[f"sound:{number}"] for number in range(40, 40 + repeats)]
    print_times("another sound of the map", page.evaluate(MAKE, [module, "sound", sounds]))
    steps = [["class:cymbal", f"sound:{number}", 17, "model"] for number in range(8)]
    print_times("17 steps by the model", page.evaluate(MAKE, [module, "morph", steps]))
    if module == "./server.js":
        for place in places:
            place[3] = "sound"
        print_times("one sound between two steps, of the sounds", page.evaluate(MAKE, [module, "between", places[:30]]))
        for step in steps:
            step[3] = "sound"
        print_times("17 steps of the sounds", page.evaluate(MAKE, [module, "morph", steps]))


def measure_many(url: str, n_requests: int = 50) -> None:
    """Ask for that many sounds at once."""

    def ask(number):
        started = time.perf_counter()
        request = urllib.request.Request(
            f"{url}api/morph",
            data=b'{"a": "sound:%d", "b": "class:tom", "at": 0.5, "render": "model"}' % number,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            answer.read()
        return 1000 * (time.perf_counter() - started)

    with ThreadPoolExecutor(n_requests) as pool:
        print_times(f"{n_requests} requests at once, each", list(pool.map(ask, range(200, 200 + n_requests))))


def print_times(what: str, times_ms: Sequence[float]) -> None:
    """Print the first time, and median, 95th percentile and largest of the others."""
    first, others = times_ms[0], times_ms[1:]
    print(
        f"{what}: median {np.median(others):.1f} ms, 95 % {np.percentile(others, 95):.1f} ms, "
        f"largest {max(others):.1f} ms; the first {first:.1f} ms ({len(times_ms)} times)"
    )


def wait(page, expression: str) -> None:
    """Wait until an expression is true on the page."""
    while not page.evaluate(expression):
        page.wait_for_timeout(10)


@contextmanager
def explorer() -> Iterator[tuple[str, subprocess.Popen]]:
    """Start the explorer, and yield its address and its process."""
    command = [sys.executable, "-m", "audio_vae", "explore", "--port", "0", "--no-browser"]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = ""
        while not line.startswith("Explorer: "):
            line = process.stdout.readline()
            if not line:
                sys.exit("the explorer has ended")
        print(f"server ready: {time.perf_counter() - started:.1f} s after the command")
        try:
            yield line.split()[1], process
        finally:
            process.terminate()


@contextmanager
def file_server(folder: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """Serve a folder, and yield its address and the server's process."""
    command = [sys.executable, "-m", "http.server", "8766", "--bind", "127.0.0.1", "-d", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        time.sleep(1)
        try:
            yield "http://127.0.0.1:8766/", process
        finally:
            process.terminate()


def resident_mib(pid: int) -> float:
    """Return the resident memory of a process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("the system does not say how much memory the process has")


if __name__ == "__main__":
    main()
