"""Kits as files: what was written is read again by the rules of each format."""

import os
import tarfile
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile

from audio_vae.kits import hydrogen
from audio_vae.kits.hydrogen import NAMESPACE
from audio_vae.kits.layout import Pad
from audio_vae.kits.write import FORMATS, KitOptions, require_kit, unique_names, with_room, write_kits
from audio_vae.utils.errors import UserError

OPCODES = {
    *("sample", "key", "lovel", "hivel", "seq_length", "seq_position", "group", "off_by", "off_mode", "loop_mode")
}


def read_sfz(path):
    """Return the opcodes of each region; every line has to be a comment, a header or one opcode."""
    regions, globals_, current = [], {}, None
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("//"):
            continue
        if line in ("<global>", "<region>"):
            current = globals_ if line == "<global>" else {}
            if line == "<region>":
                regions.append(current)
            continue
        name, equals, value = line.partition("=")
        assert equals
        assert name in OPCODES
        assert name not in current
        current[name] = value
    return globals_, regions


@pytest.fixture
def pads(rng):
    def noise(n_samples, n_channels=1):
        return rng.uniform(-0.5, 0.5, (n_samples, n_channels)).astype(np.float32)

    return [
        Pad("hihat-open-000", "hihat-open", noise(200), 8000),
        Pad("hihat-open-001", "hihat-open", noise(300, 2), 8000),
        Pad("Käfer & <co>", "Käfer & <co>", noise(100), 8000),
    ]


@pytest.mark.parametrize("layout", ["keys", "velocity", "round-robin"])
def test_sfz(pads, tmp_path, layout):
    kit = write_kits(tmp_path, "mine", pads, KitOptions(("sfz",), layout), "FLOAT")
    globals_, regions = read_sfz(tmp_path / "sfz" / "mine.sfz")
    assert globals_ == {"loop_mode": "one_shot"}
    assert kit["files"] == ["sfz/mine.sfz"]
    for pad, region, zone in zip(pads, regions, kit["zones"], strict=True):
        samples, rate_hz = soundfile.read(tmp_path / "sfz" / region["sample"], dtype="float32", always_2d=True)
        np.testing.assert_array_equal(samples, pad.samples)
        assert rate_hz == 8000
        assert int(region["key"]) == zone["key"]
        assert ("off_by" in region) == (zone["choke_group"] is not None)
    assert [each.get("hivel") for each in regions] == (["64", "127", None] if layout == "velocity" else [None] * 3)
    turns = ["1", "2", None] if layout == "round-robin" else [None] * 3
    assert [each.get("seq_position") for each in regions] == turns
    assert "off_by" in regions[0]
    assert "off_by" not in regions[2]


@pytest.mark.parametrize("layout", ["keys", "velocity", "round-robin"])
def test_decentsampler(pads, tmp_path, layout):
    kit = write_kits(tmp_path, "mine", pads, KitOptions(("decentsampler",), layout))
    root = ElementTree.parse(tmp_path / "decentsampler" / "mine.dspreset").getroot()
    assert (root.tag, [each.tag for each in root]) == ("DecentSampler", ["groups"])
    groups = root.findall("groups/group")
    assert [group.get("name") for group in groups] == ["hihat-open", "Käfer & <co>"]
    assert groups[0].get("silencedByTags") == groups[0].get("tags") == "choke1"
    assert groups[1].get("tags") is None
    assert groups[0].get("seqMode") == ("round_robin" if layout == "round-robin" else None)
    samples = root.findall("groups/group/sample")
    for each, zone in zip(samples, kit["zones"], strict=True):
        assert (tmp_path / "decentsampler" / each.get("path")).is_file()
        assert each.get("rootNote") == each.get("loNote") == each.get("hiNote") == str(zone["key"])
        assert (each.get("loVel"), each.get("hiVel")) == (str(zone["low_velocity"]), str(zone["high_velocity"]))
        assert each.get("pitchKeyTrack") == "0"


@pytest.mark.parametrize("layout", ["keys", "velocity", "round-robin"])
def test_hydrogen(pads, tmp_path, layout):
    write_kits(tmp_path, "mine", pads, KitOptions(("hydrogen",), layout))
    folder = tmp_path / "hydrogen" / "mine"
    names = {"h": NAMESPACE}
    root = ElementTree.parse(folder / "drumkit.xml").getroot()
    instruments = root.findall("h:instrumentList/h:instrument", names)
    keys = [each.findtext("h:midiOutNote", None, names) for each in instruments]
    assert keys == (["46", "36", "37"] if layout == "keys" else ["46", "36"])
    layers = root.findall(".//h:layer", names)
    assert len(layers) == 3
    for layer in layers:
        assert (folder / layer.findtext("h:filename", None, names)).is_file()
    ranges = [[float(layer.findtext(f"h:{end}", None, names)) for end in ("min", "max")] for layer in layers]
    if layout == "velocity":
        assert ranges[0][0] == 0
        assert ranges[0][1] == ranges[1][0] == pytest.approx(0.508, abs=1e-3)
        assert ranges[1][1] == 1
    else:
        assert ranges == [[0, 1]] * 3
    chosen = [each.findtext("h:sampleSelectionAlgo", None, names) for each in instruments]
    assert chosen[0] == ("ROUND_ROBIN" if layout == "round-robin" else "VELOCITY")
    assert instruments[0].findtext("h:muteGroup", None, names) == "1"
    with tarfile.open(tmp_path / "hydrogen" / "mine.h2drumkit") as archive:
        assert {"mine/drumkit.xml", "mine/hihat-open-000.wav"} <= set(archive.getnames())


def test_an_archive_of_hydrogen_holds_no_time_and_no_owner(pads, tmp_path):
    write_kits(tmp_path, "mine", pads, KitOptions(("hydrogen",)))
    folder, archive = tmp_path / "hydrogen" / "mine", tmp_path / "hydrogen" / "mine.h2drumkit"
    before = archive.read_bytes()
    for path in (folder, *folder.iterdir()):
        os.utime(path, (1e9, 1e9))
        path.chmod(0o700)
    hydrogen.pack(folder, archive)
    assert archive.read_bytes() == before
    assert int.from_bytes(before[4:8], "little") == 0
    with tarfile.open(archive) as file:
        entries = file.getmembers()
    assert {(each.mtime, each.uid, each.gid, each.uname, each.gname) for each in entries} == {(0, 0, 0, "", "")}
    assert {(each.isdir(), each.mode) for each in entries} == {(True, 0o755), (False, 0o644)}


@pytest.mark.parametrize(
    ("kit_format", "layout", "most"),
    [("hydrogen", "velocity", 16), ("hydrogen", "round-robin", 16), ("sfz", "round-robin", 100)],
)
def test_formats_have_room_for_so_many_sounds_of_an_instrument(tmp_path, kit_format, layout, most):
    samples, options = np.zeros((1, 1), np.float32), KitOptions((kit_format,), layout)
    other = Pad("b", "snare", samples, 8000)
    sounds = [Pad(f"a{number}", "kick", samples, 8000) for number in range(most)]
    assert len(write_kits(tmp_path / "full", "mine", [*sounds, other], options)["zones"]) == most + 1
    sounds.append(Pad("c", "kick", samples, 8000))
    message = (
        rf"^{most + 1} sounds of kick are too many for a kit of {kit_format} \(at most {most}\): make fewer, choose "
        rf"another --map, or leave --kit {kit_format} out$"
    )
    with pytest.raises(UserError, match=message):
        write_kits(tmp_path / "over", "mine", [other, *sounds], options)
    assert not (tmp_path / "over").exists()
    with pytest.raises(UserError, match=message):
        require_kit([(pad.name, pad.instrument) for pad in [other, *sounds]], options)
    left, remarks = with_room([pad.instrument for pad in sounds], layout)
    assert kit_format not in left.formats
    assert "decentsampler" in left.formats
    assert len(remarks) == len(FORMATS) - len(left.formats)


def test_on_keys_of_their_own_there_is_no_such_limit(tmp_path):
    assert with_room(["kick"] * 128, "keys") == (KitOptions(FORMATS, "keys"), [])
    assert with_room(["kick"] * 127, "velocity")[0].formats == ("sfz", "decentsampler")


def test_sounds_of_different_rates_get_the_highest(pads, tmp_path):
    time_s = np.arange(441) / 44100
    fast = Pad("fast", "kick", np.float32(0.5 * np.sin(2 * np.pi * 500 * time_s))[:, None], 44100)
    kit = write_kits(tmp_path, "mine", [*pads, fast], KitOptions(("sfz",)), "FLOAT")
    assert kit["rate_hz"] == 44100
    for path in (tmp_path / "sfz" / "samples").iterdir():
        assert soundfile.info(path).samplerate == 44100
    samples, _ = soundfile.read(tmp_path / "sfz" / "samples" / "fast.wav", dtype="float32", always_2d=True)
    np.testing.assert_array_equal(samples, fast.samples)


def test_names_that_sounds_share_are_numbered(pads):
    samples = pads[0].samples
    named = unique_names([Pad(name, "x", samples, 8000) for name in ("a", "a", "A", "a-1", "b")])
    assert [each.name for each in named] == ["a-2", "a-3", "A-4", "a-1", "b"]


def test_all_formats_at_once_and_none(pads, tmp_path):
    assert write_kits(tmp_path / "none", "mine", pads, KitOptions()) is None
    assert not (tmp_path / "none").exists()
    kit = write_kits(tmp_path, "mine", pads, KitOptions((*FORMATS, "sfz")))
    assert kit["formats"] == list(FORMATS)
    assert all((tmp_path / file).is_file() for file in kit["files"])


@pytest.mark.parametrize("options", [{"formats": ("exs",)}, {"layout": "circle"}])
def test_unknown_values(options):
    with pytest.raises(UserError, match=r"unknown (kit 'exs'|map 'circle'): choose one of"):
        KitOptions(**options)
