"""Hostile input: damaged sound files, impossible names and places, strangers' models.

More cases, with their figures: `AUDIO_VAE_FUZZ_CASES=50000 python -m pytest tests/data/test_fuzz.py -k damaged -s`.
"""

import io
import json
import os
import resource
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import soundfile
from damaged_sounds import CORPUS, FORMATS, damaged
from hypothesis import given, settings
from hypothesis import strategies as st

from audio_vae.audio import decoding, waveform
from audio_vae.config import AudioConfig
from audio_vae.data import labels
from audio_vae.data.sound_set import SoundSet
from audio_vae.data.validation import validate_file
from audio_vae.folder import check
from audio_vae.folder import config as folder_config
from audio_vae.folder import preprocess as folder
from audio_vae.folder.dataset import DATASET
from audio_vae.runs.prepare import prepare_run
from audio_vae.utils.errors import UserError

N_CASES = int(os.environ.get("AUDIO_VAE_FUZZ_CASES", 2000))
CONFIG = AudioConfig(8000, 4096, onset_db=40.0)
SLOWEST_S = 10.0
"""A case takes milliseconds; the rest is room for a busy machine."""

MOST_GROWTH_KIB = 600 * 1024


def is_valid(path) -> bool:
    """Validate a file: it is a sound, or it is refused with a reason of one line."""
    reason = None
    try:
        sound = validate_file(path, CONFIG, decoding.best_decoder())
    except waveform.AudioError as error:
        reason = str(error)
    if reason is not None:
        assert reason
        assert "\n" not in reason
        return False
    assert sound.fitted.shape == (4096,)
    assert np.isfinite(sound.fitted).all()
    assert waveform.peak(sound.fitted) == pytest.approx(1)
    return True


def test_damaged_files_are_read_or_refused(tmp_path):
    n_read, slowest_s = 0, 0.0
    for content in CORPUS:
        (tmp_path / "sound.wav").write_bytes(content)
        assert is_valid(tmp_path / "sound.wav")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(N_CASES):
        (tmp_path / "sound.wav").write_bytes(damaged(np.random.default_rng((6, number))))
        started = time.perf_counter()
        n_read += is_valid(tmp_path / "sound.wav")
        slowest_s = max(slowest_s, time.perf_counter() - started)
    growth_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        f"\n{N_CASES} cases: {n_read} read, {N_CASES - n_read} refused, slowest {1000 * slowest_s:.0f} ms, "
        f"peak memory {growth_kib / 1024:.0f} MiB above the start's {before / 1024:.0f} MiB"
    )
    assert 0 < n_read < N_CASES
    assert slowest_s < SLOWEST_S
    assert growth_kib < MOST_GROWTH_KIB


@settings(max_examples=150, deadline=None, database=None, derandomize=True)
@given(content=st.binary(max_size=300), start=st.sampled_from([b"", *(each[:48] for each in CORPUS)]))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content, start):
    path = tmp_path_factory.mktemp("any") / "sound.wav"
    path.write_bytes(start + content)
    is_valid(path)


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "FLAC"])
def test_header_that_claims_4_gib_allocates_nothing_like_it(tmp_path, kind):
    content = bytearray(CORPUS[[name for name, _ in FORMATS].index(kind)])
    if kind == "WAV":
        content[4:8] = content[40:44] = b"\xff\xff\xff\xff"
    elif kind == "AIFF":
        content[4:8] = b"\xff\xff\xff\xff"
        at = content.index(b"SSND") + 4
        content[at : at + 4] = b"\xff\xff\xff\xf0"
        at = content.index(b"COMM") + 10
        content[at : at + 4] = b"\xff\xff\xff\xff"
    else:
        content[22:26] = b"\xff\xff\xff\xff"  # the lower bits of the number of samples
    (tmp_path / "sound.wav").write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    is_valid(tmp_path / "sound.wav")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024


@pytest.mark.parametrize("rate_hz", [1, 2_000_000_000])
def test_impossible_rate_is_refused(tmp_path, rate_hz):
    content = bytearray(CORPUS[0])
    content[24:28] = rate_hz.to_bytes(4, "little")
    (tmp_path / "sound.wav").write_bytes(content)
    with pytest.raises(waveform.AudioError, match="claims a sample rate"):
        validate_file(tmp_path / "sound.wav", CONFIG)


NAMES = [
    b"with space.wav",
    b"quote' and \".wav",
    b"line\nbreak.wav",
    b"not utf-8 \xff\xfe.wav",
    b"-rf.wav",
    b"--json.wav",
    b"$(touch x);`touch y`.wav",
    "grüße 猫.wav".encode(),
    b"\x1b[31mred\x07.wav",
    b"%s %n {0}.wav",
]


def write_sounds(place, names, rng):
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        content = io.BytesIO()
        soundfile.write(content, rng.uniform(-0.5, 0.5, 2000), 8000, format="WAV")
        with open(os.fsencode(place) + b"/" + name, "wb") as file:
            file.write(content.getvalue())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse some of these names")
def test_odd_names_are_read_shown_and_stored(tmp_path, rng):
    for class_name in ("a\nb", "-c"):
        write_sounds(tmp_path / "sounds" / class_name, NAMES, rng)
    config = folder_config.make()
    found = check.check_folder(tmp_path / "sounds", config)
    assert (found.n_usable, found.problem) == (20, None)
    lines = list(check.report_lines(found, every_file=True))
    assert all(line.isprintable() for line in lines)
    json.dumps(found.to_dict()).encode("ascii")
    run, described = prepare_run(DATASET, tmp_path / "run", config, tmp_path / "sounds")
    assert list(described["classes"]) == ["-c", r"a\nb"]
    assert run.sounds.names == tuple(sorted(run.sounds.names))
    assert r"-c/not utf-8 \xff\xfe.wav" in run.sounds.names


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_folder_that_is_not_utf_8(tmp_path, rng):
    place = tmp_path / os.fsdecode(b"sounds \xff")
    for name in ("a", "b"):
        write_sounds(place / name, [b"1.wav", b"2.wav", b"3.wav"], rng)
    run, _ = prepare_run(DATASET, tmp_path / "run", folder_config.make(), place)
    assert json.loads((run.path / "prepare.json").read_text())["data"] == str(place.resolve())


def test_names_that_look_alike_stay_apart(tmp_path, rng):
    write_sounds(tmp_path, [b"a\nb.wav", rb"a\nb.wav"], rng)
    assert len({item.name for item in labels.find_items(tmp_path, folder.RULES)}) == 2


def test_links_in_a_circle_and_to_nowhere(tmp_path, rng):
    for name in ("a", "b"):
        write_sounds(tmp_path / name, [b"1.wav", b"2.wav", b"3.wav"], rng)
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "b" / "self").symlink_to(tmp_path / "b" / "self", target_is_directory=True)
    (tmp_path / "b" / "gone.wav").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b" / "round.wav").symlink_to(tmp_path / "b" / "round.wav")
    found = check.check_folder(tmp_path, folder_config.make())
    assert found.classes() == {"a": {"usable": 3, "refused": 0}, "b": {"usable": 3, "refused": 2}}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    with pytest.raises(waveform.AudioError, match="empty"):
        validate_file(tmp_path / "pipe.wav", CONFIG)


def test_file_that_vanishes_while_it_is_read(tmp_path, rng, monkeypatch):
    write_sounds(tmp_path, [b"1.wav"], rng)
    decode = decoding.decode_soundfile

    def vanishing(path):
        decoded = decode(path)
        os.unlink(path)
        return decoded

    monkeypatch.setattr(decoding, "decode_soundfile", vanishing)
    with pytest.raises(waveform.AudioError, match="changed while it was read"):
        validate_file(tmp_path / "1.wav", CONFIG)
    with pytest.raises(waveform.AudioError, match="No such file"):
        validate_file(tmp_path / "1.wav", CONFIG)


def test_file_that_grows_while_it_is_read(tmp_path, rng, monkeypatch):
    write_sounds(tmp_path, [b"1.wav"], rng)
    decode = decoding.decode_soundfile

    def growing(path):
        with open(path, "ab") as file:
            file.write(b"more")
        return decode(path)

    monkeypatch.setattr(decoding, "decode_soundfile", growing)
    with pytest.raises(waveform.AudioError, match="changed while it was read"):
        validate_file(tmp_path / "1.wav", CONFIG)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_places_are_named(tmp_path, rng):
    for name in ("a", "b", "c"):
        write_sounds(tmp_path / name, [b"1.wav", b"2.wav", b"3.wav", b"4.wav"], rng)
    (tmp_path / "a" / "4.wav").chmod(0)
    (tmp_path / "c").chmod(0)
    try:
        found = check.check_folder(tmp_path, folder_config.make())
    finally:
        (tmp_path / "c").chmod(0o700)
    assert {each.name for each in found.files if each.reason} == {"a/4.wav", "c"}


def test_folder_that_cannot_be_listed_is_refused_like_a_file(tmp_path, rng, monkeypatch):
    """The same for root: what cannot be listed is not passed over in silence."""
    for name in ("a", "b"):
        write_sounds(tmp_path / name, [b"1.wav", b"2.wav", b"3.wav"], rng)
    (tmp_path / "a" / "locked").mkdir()
    scan = os.scandir

    def refusing(path="."):
        if os.fspath(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = check.check_folder(tmp_path, folder_config.make())
    assert [(each.name, each.reason) for each in found.files if each.reason] == [
        ("a/locked", "not readable as sound (Permission denied)")
    ]


@pytest.mark.parametrize("name", ["..", "../../etc/passwd", "..\\..\\x", "/abs", ".", "a/../..", ".hidden", "\x00", ""])
def test_output_names_stay_in_their_folder(name, tmp_path):
    from audio_vae.utils.files import safe_name

    part = safe_name(name)
    assert "/" not in part
    assert "\\" not in part
    assert (tmp_path / f"{part}-{part}").resolve().parent == tmp_path.resolve()
    assert part not in ("", ".", "..")


def stranger(tmp_path, rng):
    """A run folder as it might come from someone else, without a model."""
    for name in ("a", "b"):
        write_sounds(tmp_path / "sounds" / name, [b"1.wav", b"2.wav", b"3.wav"], rng)
    return prepare_run(DATASET, tmp_path / "run", folder_config.make(), tmp_path / "sounds")[0]


def test_stranger_s_model_executes_nothing(tmp_path, rng):
    import keras

    run = stranger(tmp_path, rng)
    touched = tmp_path / "touched"
    model = keras.Sequential(
        [keras.Input((4,)), keras.layers.Lambda(lambda x, path=str(touched): (open(path, "w").close(), x)[1])]
    )
    touched.unlink(missing_ok=True)
    model.save(run.model_path)
    touched.unlink(missing_ok=True)
    with pytest.raises(UserError, match=r"model\.keras cannot be loaded"):
        _ = run.model
    assert not touched.exists()


def test_stranger_s_model_names_no_function(tmp_path, rng):
    run = stranger(tmp_path, rng)
    touched = tmp_path / "touched"
    layer = {
        "module": "os",
        "class_name": "system",
        "config": {"command": f"touch {touched}"},
        "registered_name": "system",
    }
    with zipfile.ZipFile(run.model_path, "w") as made:
        made.writestr("config.json", json.dumps(layer))
        made.writestr("metadata.json", json.dumps({"keras_version": "3", "date_saved": ""}))
        made.writestr("model.weights.h5", b"")
    with pytest.raises(UserError, match=r"model\.keras cannot be loaded"):
        _ = run.model
    assert not touched.exists()


class _Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_stranger_s_pickles_are_refused(tmp_path, rng):
    run = stranger(tmp_path, rng)
    touched = tmp_path / "touched"
    with np.load(run.sounds_path) as stored:
        values = dict(stored)
    np.savez(run.sounds_path, **values | {"names": np.array([_Touch(str(touched))], dtype=object)})
    with pytest.raises(UserError, match=r"sounds\.npz cannot be read"):
        SoundSet.load(run.sounds_path)
    assert not touched.exists()


def test_command_line_survives_what_it_is_given(tmp_path, rng):
    """In a fresh process, as a crash in a codec would end this one."""
    write_sounds(tmp_path / "sounds" / "a", NAMES, rng)
    for number, content in enumerate(CORPUS):
        (tmp_path / "sounds" / "a" / f"{number}.wav").write_bytes(content[: len(content) // 3])
    done = subprocess.run(
        [sys.executable, "-m", "audio_vae", "check", str(tmp_path / "sounds")], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "Error: training would be refused: only one folder" in done.stderr
    assert "Traceback" not in done.stderr
