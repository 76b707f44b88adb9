"""The benchmark of morphs."""

import subprocess
import time

import pytest

from audio_vae.audio import io
from benchmarks import morph


def test_ends_are_two_sounds_of_the_built_in_kit(tmp_path):
    start, end = (io.decode_file(path) for path in morph.built_in_ends(tmp_path))
    assert start.rate_hz == end.rate_hz == 44100
    assert start.samples.tobytes() != end.samples.tobytes()


def test_waiting_takes_wall_time_alone_and_the_shortest_counts():
    pauses_s = iter([0.09, 0.05, 0.09])
    took = morph.best(lambda: time.sleep(next(pauses_s)), 3)
    assert 0.05 <= took.wall < 0.09
    assert took.processor < 0.05


def test_processor_time_is_that_of_other_processes_as_well():
    program = "import time\nwhile time.process_time() < 0.2: pass"
    assert morph.best(lambda: morph.run_python(program), 1).processor >= 0.2


def test_a_program_that_fails_is_not_measured(capfd):
    with pytest.raises(subprocess.CalledProcessError):
        morph.run_python("import sys; sys.exit(sys.argv[1])", "no model")


def test_a_single_end_is_refused(capsys):
    with pytest.raises(SystemExit):
        morph.main(["one.wav"])
    assert "give two sound files, or none" in capsys.readouterr().err
