"""The page in a real browser: Debian's chromium, driven by playwright. `tox -e browser` runs these tests."""

import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import matplotlib.image
import numpy as np
import pooch
import pytest
import soundfile

from audio_vae.api.open import open_model
from audio_vae.explorer import frames
from audio_vae.explorer.about import PAGE
from audio_vae.explorer.runtime import SHA256
from audio_vae.morphing import interpolation
from audio_vae.morphing.levels import cut, step_lengths, step_levels, to_level
from audio_vae.morphing.options import usual_options
from audio_vae.shaping.correction import at_most_true_peak

pytestmark = pytest.mark.browser

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: tox -e browser")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("no chromium is installed (Debian: apt install chromium)", allow_module_level=True)

# Nothing but the page: no sandbox, which containers do not allow, and none of the browser's own calls home.
FLAGS = [
    *(
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--autoplay-policy=no-user-gesture-required",
    ),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

LISTEN = """
window.heard = [];
document.addEventListener("sounded", (event) => heard.push({
  delay_ms: event.detail.delay_ms,
  samples: Array.from(event.detail.sound.channels[0]),
  rate_hz: event.detail.sound.rate_hz,
}));
window.made = {};
document.addEventListener("made", (event) => (made[event.detail.render] = event.detail.steps.length));
"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def url(one_shot_run):
    """The address of the real command, with a tiny model."""
    command = [sys.executable, "-m", "audio_vae", "explore", "--run", one_shot_run.path, "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = ""
        while not line.startswith("Explorer: "):
            line = process.stdout.readline()
            assert line, "the explorer has ended"
        yield line.split()[1]
        process.terminate()


@pytest.fixture
def open_page(browser, url):
    """Open the page; at the end, what its console said has to be nothing."""
    said, pages = [], []

    def call(link="", allowed=(), **options):
        context = browser.new_context(
            **{"viewport": {"width": 1280, "height": 840}, "accept_downloads": True, **options}
        )
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.add_init_script(LISTEN)
        page.goto(url + link)
        page.wait_for_selector("html[data-ready=yes]")
        until(page, "made.sound === 17")
        pages.append((context, allowed))
        return page

    yield call
    for context, _ in pages:
        context.close()
    allowed = [text for _, texts in pages for text in texts]
    assert not [line for line in said if not any(text in line for text in allowed)]


@pytest.fixture
def page(open_page):
    return open_page()


@pytest.fixture(scope="module")
def morph(one_shot_run):
    """What Python makes of the two sounds that the page begins with, in 17 steps."""
    return open_model(one_shot_run.path).morph("low", "it's high", 17)


def until(page, expression, within_s=30.0):
    """Wait until an expression is true; the page's own policy forbids what playwright would do for that."""
    deadline = time.monotonic() + within_s
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, f"never true: {expression}"
        page.wait_for_timeout(20)


def until_true(page, condition, within_s=30.0):
    """Wait until something is true here."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        page.wait_for_timeout(20)


def heard(page):
    return page.evaluate("heard.splice(0)")


def same(sound, expected):
    """A sound of the page is one of Python's; the model rounds otherwise in batches of another size."""
    samples = np.array(sound["samples"], np.float32)
    return samples.shape == expected.shape and np.allclose(samples, expected, atol=1e-5)


def point_at(page):
    """Put the pointer over the map, line by line, until a sound is under it; returns the place."""
    box = page.locator("#map").bounding_box()
    for y in range(10, int(box["height"]), 12):
        for x in range(10, int(box["width"]), 12):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if page.locator("#tip").is_visible():
                return box["x"] + x, box["y"] + y
    raise AssertionError("no sound is on the map")


def test_it_begins_with_two_sounds_and_all_steps_between_them(page, tmp_path):
    assert page.inner_text("#end-a .name") == "low"
    assert page.inner_text("#end-b .name") == "it's high"
    assert page.inner_text("#sounding") == "Morph 50 %: low → it's high"
    assert page.inner_text("#render") == "made of both sounds, as the command line writes it"
    assert page.locator("#pads button").count() == 9
    page.screenshot(path=tmp_path / "page.png")
    # Not blank: the map and the spectrogram have many colours.

    colours = np.unique(
        (255 * matplotlib.image.imread(tmp_path / "page.png")[..., :3]).astype(int).reshape(-1, 3), axis=0
    )
    assert len(colours) > 100


def test_pointing_at_a_sound_plays_it_and_a_click_chooses_it(page, one_shot_run):
    x, y = point_at(page)
    until(page, "heard.length > 0")
    name = page.inner_text("#tip").split(" · ")[0].removesuffix(", the class")
    model = open_model(one_shot_run.path)
    end = name if name in model.classes else f"{name}.wav"
    (sound,) = heard(page)
    assert same(sound, model.morph(end, "low", 2)[0].samples)
    page.mouse.click(x, y)
    until(page, "document.querySelector('#end-a .name').textContent !== 'low'")
    assert page.inner_text("#end-a .name") == name


def test_the_slider_sounds_while_it_is_dragged_and_at_the_place_where_it_stops(page, morph):
    box = page.locator("#at").bounding_box()
    inner = box["width"] - 24
    page.mouse.move(box["x"] + 12 + 0.5 * inner, box["y"] + 17)
    page.mouse.down()
    for share in np.linspace(0.5, 0.9, 25):
        page.mouse.move(box["x"] + 12 + share * inner, box["y"] + 17)
        page.wait_for_timeout(20)
    page.mouse.up()
    sounds = heard(page)
    assert len(sounds) > 5
    assert all(any(same(sound, step.samples) for step in morph) for sound in sounds[:5])
    assert max(sound["delay_ms"] for sound in sounds) < 500
    at = float(page.input_value("#at"))
    assert 0.85 < at < 0.95
    page.keyboard.press("9")
    assert same(heard(page)[-1], morph[16].samples)


@pytest.mark.parametrize(("key", "number"), [("1", 0), ("5", 8), ("9", 16)])
def test_keys_play_the_steps(page, morph, key, number):
    page.keyboard.press(key)
    until(page, "heard.length > 0")
    assert same(heard(page)[0], morph[number].samples)
    assert page.input_value("#at") == str(number / 16).removesuffix(".0")


def test_the_cross_fade_sounds_while_its_key_is_held(page, morph):
    page.keyboard.press("5")
    page.keyboard.down("x")
    until(page, "document.querySelector('#sounding').textContent.startsWith('Cross-fade')")
    assert same(heard(page)[-1], morph.crossfade[8].samples)
    page.keyboard.up("x")
    until(page, "document.querySelector('#sounding').textContent.startsWith('Morph')")


def test_the_cross_fade_of_other_ends_is_shown_as_soon_as_it_is_made(page):
    page.click("#crossfade")
    until(page, "document.querySelector('#sounding').textContent === 'Cross-fade 50 %: low → it\\'s high'")
    # It sounds for less than a tenth of a second, and what sounds is not disturbed.
    page.wait_for_timeout(500)
    page.click("#swap")
    until(page, "document.querySelector('#sounding').textContent === 'Cross-fade 50 %: it\\'s high → low'")


def test_a_cross_fade_that_does_not_come_is_explained(open_page):
    page = open_page(allowed=("status of 500",))
    page.click("#crossfade")
    until(page, "document.querySelector('#sounding').textContent.startsWith('Cross-fade')")

    def refuse(route):
        if route.request.post_data_json["render"] == "crossfade":
            route.fulfill(status=500, body="no cross-fade today")
        else:
            route.continue_()

    page.route("**/api/morph", refuse)
    page.click("#swap")
    page.wait_for_selector("#messages p:has-text('no cross-fade today')")


def test_a_sound_of_the_old_ends_does_not_sound_for_the_new_ones(open_page, bench):
    page = open_page()
    held = []

    def hold_first(route):
        if "at" in route.request.post_data_json and not held:
            held.append(route)
        else:
            route.continue_()

    # On the page without a server, what is asked of the model comes, wanted or not.
    source = (PAGE / "server.js").read_text(encoding="utf-8")
    between = "between = async (a, b, at, render, signal)"
    assert between in source
    stubborn = source.replace(between, between.replace("signal", "_, signal"))
    page.route("**/server.js", lambda route: route.fulfill(body=stubborn, content_type="text/javascript"))
    page.reload()
    until(page, "made.sound === 17")
    page.route("**/api/morph", hold_first)
    page.evaluate(SLIDE, "0.47")
    until_true(page, lambda: held)
    page.evaluate("made = {}")
    page.fill("#end-b .choose", "take5.wav")
    page.keyboard.press("Enter")
    until(page, "made.sound === 17")
    (expected,) = bench.path("class:low", "sound:5", 0.47, 2, "sound")

    def plays_the_new_sound():
        heard(page)
        page.click("#play")
        until(page, "heard.length > 0")
        return same(heard(page)[0], expected.samples[:, 0])

    # At first, the nearest step stands for it.
    until_true(page, plays_the_new_sound)
    with page.expect_response("**/api/morph"):
        held[0].continue_()
    page.wait_for_timeout(500)
    assert plays_the_new_sound()


SLIDE = """
(at) => {
  const slider = document.getElementById("at");
  slider.value = at;
  slider.dispatchEvent(new Event("input"));
}
"""

DROP = """
([bytes, name, end]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name));
  const target = document.querySelector(`#drop [data-end=${end}]`);
  for (const kind of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files }));
  }
}
"""


def test_a_dropped_file_becomes_an_end_and_is_kept_as_python_makes_it(page, one_shot_run, sound_file):
    page.evaluate(DROP, [list(sound_file.read_bytes()), "my own.wav", "b"])
    until(page, "document.querySelector('#end-b .name').textContent === 'my own'")
    page.keyboard.press("3")
    with page.expect_download() as download:
        page.click("#keep-wav")
    samples, rate_hz = soundfile.read(download.value.path())
    expected = open_model(one_shot_run.path).morph("low", sound_file, 5)[1]
    assert rate_hz == expected.rate_hz
    np.testing.assert_allclose(samples, expected.samples, atol=1e-5)


def test_what_is_no_sound_is_refused_with_the_reason(open_page):
    page = open_page(allowed=("status of 400",))
    page.evaluate(DROP, [[1, 2, 3], "no sound.wav", "a"])
    page.wait_for_selector("#messages p")
    assert "'no sound.wav' cannot be used" in page.inner_text("#messages")
    assert page.inner_text("#end-a .name") == "low"


def test_undo_goes_back_and_a_link_restores_what_is_on_screen(page, open_page, url):
    page.keyboard.press("2")
    page.click("#swap")
    assert page.inner_text("#end-a .name") == "it's high"
    page.keyboard.press("Control+z")
    assert page.inner_text("#end-a .name") == "low"
    assert page.input_value("#at") == "0.125"
    page.keyboard.press("Control+Shift+z")
    page.click("#tab-blend")
    page.wait_for_timeout(200)
    link = urlsplit(page.url).fragment
    assert parse_qs(link)["a"] == ["class:it's high"]
    other = open_page(f"#{link}")
    assert other.inner_text("#end-a .name") == "it's high"
    assert other.locator("#panel-blend").is_visible()


@pytest.mark.parametrize(
    "link",
    ["#at=NaN&mode=%3Cscript%3E", "#a=class:no", "#parts=[[1]]&at=9", "#parts=" + "[" * 999, "#" + "x=1&" * 500],
    ids=lambda link: link[:12],
)
def test_a_broken_link_does_not_break_the_page(browser, url, link):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(url + link)
    page.wait_for_selector("html[data-ready=yes]")
    page.keyboard.press("1")
    assert not errors
    page.close()


def test_a_blend_of_three_sounds(page, one_shot_run):
    page.click("#tab-blend")
    page.click("#add-part")
    page.fill("#parts .part:nth-child(3) .choose", "take5.wav")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('#blend-render').textContent.startsWith('made of')")
    page.click("#play-blend")
    expected = open_model(one_shot_run.path).blend([("low", 1), ("it's high", 1), ("take5.wav", 1)])
    assert same(heard(page)[-1], expected.sound)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone(open_page, scheme):
    page = open_page(viewport={"width": 375, "height": 740}, has_touch=True, color_scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    small = "e => e.offsetParent && (e.offsetHeight < 24 || e.offsetWidth < 24) && !e.closest('.messages')"
    assert page.evaluate(f"[...document.querySelectorAll('button, input, select')].filter({small}).length") == 0


def test_everything_that_is_used_has_a_name_for_screen_readers(page):
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, select, canvas")].filter((each) => {
          const named = each.getAttribute("aria-label") || each.textContent.trim() || each.labels?.length;
          return !named && each.type !== "hidden";
        }).map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_the_map_is_used_with_the_keyboard_alone(page):
    page.focus("#map")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#tip:visible")
    name = page.inner_text("#tip").split(" · ")[0].removesuffix(", the class")
    page.keyboard.press("b")
    assert page.inner_text("#end-b .name") == name


def test_keys_on_the_map_choose_the_end_that_they_name(page):
    page.focus("#map")
    for key, end in (("b", "b"), ("a", "a"), ("a", "a"), ("Shift+A", "a"), ("Enter", "b"), ("Shift+Enter", "b")):
        name = walk(page)
        page.keyboard.press(key)
        assert page.inner_text(f"#end-{end} .name") == name


def walk(page):
    """Go to another sound of the map, and return what it is called."""
    before = page.inner_text("#tip") if page.locator("#tip").is_visible() else ""
    for arrow in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(arrow)
        if page.locator("#tip").is_visible() and page.inner_text("#tip") != before:
            return page.inner_text("#tip").split(" · ")[0].removesuffix(", the class")
    raise AssertionError("there is no other sound")


@pytest.fixture(scope="module")
def static_url(one_shot_run, tmp_path_factory):
    """The address of the page as files alone, behind a plain file server."""
    pytest.importorskip("tf2onnx", reason="the extra onnx is not installed")
    runtime = Path(pooch.os_cache("audio-vae")) / f"onnxruntime-web-{SHA256[:12]}"
    if not runtime.is_dir():
        pytest.skip("onnxruntime-web is not in the cache, where audio-vae explore --static puts it")
    folder = tmp_path_factory.mktemp("static") / "page"
    command = [sys.executable, "-m", "audio_vae", "explore", "--run", one_shot_run.path, "--static", folder]
    subprocess.run([*command, "--runtime", runtime], check=True, capture_output=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", folder], stderr=subprocess.DEVNULL
    ) as process:
        time.sleep(1)
        yield f"http://127.0.0.1:{port}/"
        process.terminate()


def decoded_between(bench, start, end, at):
    """What the model decodes between two points, at a peak between theirs; loudness and tilt are as they come."""
    points, position = [bench.point(start), bench.point(end)], np.array([at])
    audio = bench.run.config.audio
    (decoded,) = bench.run.decode(interpolation.along(np.stack([point.latent for point in points]), position))
    lengths = [point.length_samples for point in points]
    (length,) = step_lengths(lengths, audio.n_samples, position, usual_options(audio)["length"])
    (level,) = step_levels([point.peak for point in points], position)
    return at_most_true_peak(to_level(cut(decoded, length, audio), level)[:, np.newaxis], audio.rate_hz)[:, 0]


def test_the_static_page_makes_what_the_server_makes(browser, static_url, bench, sound_file, tmp_path):
    page, said = browser.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.add_init_script(LISTEN)
    page.goto(static_url)
    page.wait_for_selector("html[data-ready=yes]")
    until(page, "made.model === 17")
    assert page.inner_text("#left-out").startswith("This page has no server")
    assert not page.locator("#crossfade, #tab-vary, #tab-sample, #keep-zip, #keep-kit").filter(visible=True).count()
    for key, at in (("1", 0), ("9", 1)):
        page.keyboard.press(key)
        until(page, "heard.length > 0")
        (expected,) = bench.path("class:low", "class:it's high", at, 2, "model")
        assert same(heard(page)[-1], expected.samples[:, 0])
    page.keyboard.press("4")
    until(page, "heard.length > 0")
    assert same(heard(page)[-1], decoded_between(bench, "class:low", "class:it's high", 3 / 8))
    page.evaluate(DROP, [list(sound_file.read_bytes()), "my own.wav", "b"])
    until(page, "document.querySelector('#end-b .name').textContent === 'my own'")
    page.keyboard.press("5")
    with page.expect_download() as download:
        page.click("#keep-wav")
    samples, rate_hz = soundfile.read(download.value.path())
    assert soundfile.info(download.value.path()).subtype == "PCM_24"
    # The browser resamples the file in its own way, so that the sound is only nearly the same.
    ref, _ = bench.files.take(sound_file.read_bytes(), "own.wav")
    expected = decoded_between(bench, "class:low", ref, 0.5)
    assert rate_hz == bench.model.rate_hz
    assert abs(len(samples) - len(expected)) <= 2
    n_samples = min(len(samples), len(expected))
    assert np.corrcoef(samples[:n_samples], expected[:n_samples])[0, 1] > 0.99
    page.close()
    assert said == []


def test_a_sound_is_varied_and_the_direction_changed(page, one_shot_run):
    model = open_model(one_shot_run.path)
    page.click("#tab-vary")
    for seed, button in ((1, "#play-vary"), (2, "#direction")):
        page.click(button)
        until(page, "heard.length > 0")
        assert np.allclose(heard(page)[-1]["samples"], model.vary("low", 0.3, 1, seed=seed)[0].samples, atol=1e-4)
    page.click("#vary-as-b")
    assert page.inner_text("#end-b .name") == "30 % off low"


def test_where_a_class_gives_no_new_sounds_the_page_says_so(open_page):
    # The tiny model is untrained, so that what it makes of a class is no sound of the class.
    page = open_page(allowed=("status of 400",))
    page.click("#tab-sample")
    page.wait_for_selector("#messages p")
    assert re.match(r"class 'low' gives \d new sounds at temperature 1, not 8", page.inner_text("#messages"))
    assert page.inner_text("#sample-status") == ""


def test_new_sounds_that_did_not_come_are_asked_for_again(open_page, bench):
    page = open_page(allowed=("status of 503",))
    drawn = frames.to_bytes([bench.point(f"sound:{number}").given for number in range(8)])
    answers = [{"status": 503, "body": "too much at once"}, {"status": 200, "body": drawn}]
    page.route("**/api/sample", lambda route: route.fulfill(**answers.pop(0)))
    page.click("#tab-sample")
    page.wait_for_selector("#messages p")
    assert page.locator("#samples button").count() == 0
    page.click("#tab-morph")
    page.click("#tab-sample")
    until(page, "document.querySelectorAll('#samples button').length === 8")
    assert answers == []


def test_a_morph_is_kept_as_a_kit(page):
    page.select_option("#kit-format", "hydrogen")
    with page.expect_download() as download:
        page.click("#keep-kit")
    assert re.fullmatch(r"low-it_s_high_[0-9a-f]{8}\.h2drumkit", download.value.suggested_filename)
    with tarfile.open(download.value.path()) as archive:
        assert sum(name.endswith(".wav") for name in archive.getnames()) == 9
