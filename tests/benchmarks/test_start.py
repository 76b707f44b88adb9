"""The benchmark of starts."""

import pytest

from benchmarks import start


@pytest.fixture(scope="module", params=[False, True], ids=["wall", "processor"])
def seconds(request):
    return start.measure(["models"], request.param)


def test_all_seconds_of_a_command_belong_to_a_part(seconds):
    assert {"interpreter", "other things", "loading click", "loading audio_vae", "the end of the process"} <= set(
        seconds
    )
    # Processor time is told in hundredths.
    assert min(seconds.values()) >= -0.02
    assert 0 < sum(seconds.values()) < 60


def test_listing_models_loads_no_backend(seconds):
    assert not {"loading tensorflow", "loading keras", "loading jax"} & set(seconds)


def test_parts_do_not_include_those_within():
    clock = start.Clock(start.time.monotonic, start.time.monotonic())

    def inner():
        start.time.sleep(0.05)

    def outer():
        start.time.sleep(0.02)
        clock.within("inner", inner)

    clock.start("rest")
    clock.within("outer", outer)
    clock.start("end")
    assert clock.seconds["inner"] >= 0.05
    assert clock.seconds["outer"] >= 0.02
    assert clock.seconds["outer"] + clock.seconds["inner"] < 60


def test_every_part_names_a_function_that_is_there():
    import importlib

    for place in start.PARTS:
        module, _, names = place.partition(":")
        found = importlib.import_module(module)
        for name in names.split("."):
            found = getattr(found, name)


def test_a_table_has_the_fastest_run_and_few_packages():
    runs = [{"interpreter": 0.1, **{f"loading p{n}": 0.01 * n for n in range(1, 20)}}, {"interpreter": 9.0}]
    lines = start.table(["models"], runs)
    assert lines[0] == "audio-vae models: 2.00 s (of 2 runs, the slowest 9.00 s)"
    assert len(lines) == 1 + 1 + start.SHOWN_PACKAGES + 1
    assert sum(float(line.split()[0]) for line in lines[1:]) == pytest.approx(2.0, abs=0.05)
