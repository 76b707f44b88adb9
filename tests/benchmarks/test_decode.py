import re

import pytest

from audio_vae import config
from audio_vae.config import Config
from audio_vae.model_config import DilatedConfig, ModelConfig, PlainConfig, VoiceConfig
from benchmarks import decode, timing

TINY = {
    "n_samples": 64,
    "latent_dim": 3,
    "dc": DilatedConfig(depth=2, filters=2, stem_filters=2, stem_kernel=4),
    "cc": PlainConfig(filters=(2,) * 5),
    "voice": VoiceConfig(filters=(2,), dilations=(1,)),
}


@pytest.fixture
def tiny_configs():
    return {
        name: Config(
            "digits",
            name,
            audio=config.AudioConfig(n_samples=64),
            model=ModelConfig("voice" if name == "studio" else name, **TINY),
        )
        for name in decode.PRESETS
    }


@pytest.mark.parametrize("n_sounds", [1, 4])
def test_rate_is_samples_by_the_best_time(tiny_configs, monkeypatch, n_sounds):
    def best(functions, repeats):
        assert repeats == 2
        for function in functions:
            function()
        return [0.5, 0.25, 0.125]

    monkeypatch.setattr(timing, "best", best)
    rates_hz = decode.samples_a_second(tiny_configs, n_sounds, 2)
    assert rates_hz == {"dc": n_sounds * 128, "cc": n_sounds * 256, "studio": n_sounds * 512}


def test_table_by_hand():
    lines = decode.table({"dc": 16_000, "studio": 2_000_000}, {"dc": 8000, "studio": 40_000})
    assert [line.split() for line in lines] == [
        ["samples/s", "x", "real", "time", "/", "dc", "/", "studio"],
        ["dc", "16,000", "2.0", "1.00", "0.01"],
        ["studio", "2,000,000", "50.0", "125.00", "1.00"],
    ]


@pytest.mark.parametrize(
    ("dataset", "architecture", "lengths"), [("digits", "voice", {4096}), ("drums", "oneshot", {16384, 66560})]
)
def test_configs_are_those_of_the_data_set(dataset, architecture, lengths):
    configs = decode.configs_of(dataset, decode.PRESETS)
    assert tuple(configs) == decode.PRESETS
    assert [each.model.architecture for each in configs.values()] == ["dc", "cc", architecture]
    assert {each.model.n_samples for each in configs.values()} == lengths


def test_one_run_prints_every_case(tiny_configs, monkeypatch, capsys):
    monkeypatch.setattr(decode, "configs_of", lambda dataset, presets: {name: tiny_configs[name] for name in presets})
    decode.main(["--repeats", "1", "--batches", "1", "2", "--presets", "cc", "studio"])
    machine, *printed = capsys.readouterr().out.splitlines()
    assert re.search(r"\d+ cores?", machine)
    headings = [line for line in printed if "at once" in line]
    assert headings == [
        f"{dataset}, T = 64, {sounds} at once" for dataset in decode.DATASETS for sounds in ("1 sound", "2 sounds")
    ]
    rows = [line.split() for line in printed if line.startswith(("cc", "studio"))]
    assert [row[0] for row in rows] == ["cc", "studio"] * 4
    for _, rate, times_real_time, *ratios in rows:
        assert float(rate.replace(",", "")) == pytest.approx(8000 * float(times_real_time), rel=0.1)
        assert len(ratios) == 2
