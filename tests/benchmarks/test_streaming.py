import numpy as np
import pytest
import soundfile

from audio_vae.cli import main as cli
from benchmarks import large_library, streaming


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A folder of two classes with sounds enough, and one with too few."""
    rng = np.random.default_rng(0)
    for name, n_files in (("a", 3), ("b", 3), ("c", 1)):
        (tmp_path / "small" / name).mkdir(parents=True)
        for number in range(n_files):
            soundfile.write(tmp_path / "small" / name / f"{number}.wav", rng.uniform(-1, 1, (900, 2)), 8000)
    monkeypatch.setattr(large_library, "LEAST_FILES", 3)
    return tmp_path / "small"


def test_a_library_is_of_its_seed_and_the_beginning_of_a_larger_one(small, tmp_path, capsys):
    for name, n in (("first", 5), ("second", 8)):
        large_library.main([str(small), str(tmp_path / name), "--n", str(n), "--rate", "8000"])
    first, second = (
        {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*.wav")}
        for name in ("first", "second")
    )
    assert len(first) == 5
    assert len(second) == len(set(second.values())) == 8
    assert first.items() <= second.items()
    assert {path.parent.name for path in second} <= {"a", "b"}
    assert capsys.readouterr().out.endswith("8 of 8\n")


def test_variations_have_the_duration_speed_and_level_that_is_drawn():
    class Draw:
        def __init__(self, values):
            self.uniform = lambda low, high: next(values)

    time_s = np.arange(4000) / 8000
    varied = large_library.variation(np.sin(2 * np.pi * 200 * time_s), 8000, 16000, Draw(iter([np.log(2), 0.5, 20.0])))
    assert len(varied) == 8000
    assert np.abs(varied).max() == pytest.approx(0.1)
    spectrum = np.abs(np.fft.rfft(varied))
    assert spectrum.argmax() / 0.5 == 400


def test_both_places_are_measured(small, tmp_path, capsys, monkeypatch):
    library, run = tmp_path / "library", tmp_path / "run"
    large_library.main([str(small), str(library), "--n", "40", "--rate", "8000"])
    with pytest.raises(SystemExit) as done:
        cli.main(
            ["folder", "prepare", "--data", str(library), "--run", str(run), "--stream", "--preset", "cc", "--quiet"]
        )
    assert done.value.code == 0
    monkeypatch.setattr(streaming, "fitting", streaming.reading)
    capsys.readouterr()
    streaming.main([str(run), "--steps", "2", "--repeats", "1"])
    first, *lines = capsys.readouterr().out.splitlines()
    assert "40 sounds of" in first
    assert [each.split(":")[0] for each in lines] == ["training", "batches alone"]
    assert all("memory" in each and "shards" in each and "ratio" in each for each in lines)
