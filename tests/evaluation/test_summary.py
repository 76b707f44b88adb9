"""The report in words and tables."""

import re

from tiny_report import make_sounds

from audio_vae.evaluation.evaluate import evaluate
from audio_vae.evaluation.summary import summary_lines


def test_summary_is_the_table_as_text(evaluated):
    result = evaluated[1]
    lines = summary_lines(result)
    text = "\n".join(lines)
    assert f"1-NN accuracy in the latent space: {100 * result['one_nn_accuracy']:.1f} % (paper: 94 %)" in lines
    ratio_db, distance_db = result["signal_to_noise_db"], result["log_spectral_distance_db"]
    error_ms, share = result["attack_time_error_ms"], result["attack_time_error_relative"]
    level_db, pitch = result["peak_level_error_db"], result["strongest_frequency_error_octaves"]
    for figure, text_of in {
        "fidelity": lambda key: f"{result['fidelity_db'][key]['median']:.1f} dB",
        "nearest other sound": lambda key: f"{result['nearest_other_db'][key]['median']:.1f} dB",
        "nearer than that": lambda key: f"{100 * result['better_than_nearest'][key]:.0f} %",
        "time of the peak": lambda key: f"{result['peak_time_error_ms'][key]:.1f} ms",
        "buzz": lambda key: f"{result['buzz_db'][key]['largest']:+.1f} dB",
        "multi-resolution spectral": lambda key: f"{result['multi_resolution_spectral_distance'][key]:.2f}",
        "log-spectral, no floor": lambda key: "{mean:.2f} ± {std:.2f} dB".format(
            **result["log_spectral_distance_unfloored_db"][key]
        ),
        "signal to noise": lambda key: f"{ratio_db[key]:.1f} dB",
        "log-spectral distance": lambda key: "{mean:.2f} ± {std:.2f} dB".format(**distance_db[key]),
        "attack time": lambda key: f"{error_ms[key]:.1f} ms",
        "attack time, relative": lambda key: f"{100 * share[key]:.0f} %",
        "peak level": lambda key: f"{level_db[key]['median']:+.1f} dB",
        "strongest frequency": lambda key: f"{pitch[key]:.2f} octaves",
    }.items():
        cells = re.escape(text_of("train")), re.escape(text_of("test"))
        assert re.search(rf"^  {figure} +{cells[0]} +{cells[1]}  +[A-Z].*\.$", text, re.M), figure
    medians = [
        result[key][name]["classes"]["1"] for name in ("train", "test") for key in ("fidelity_db", "nearest_other_db")
    ]
    assert re.search("^  1 +" + " +".join(f"{each:.1f}" for each in medians) + "$", text, re.M)
    value = result["mfcc_dtw_deviation"]["classes"]["1"]
    cell = re.escape("{mean:.2f} ± {std:.2f}".format(**value))
    assert re.search(rf"^  1 +{cell} .* 0\.79 ± 1\.72$", text, re.M)
    assert re.search(r"^  average .* 0\.20 ± 1\.26$", text, re.M)


def test_other_data_sets_have_no_paper_column(evaluated):
    result = evaluated[1] | {"dataset": "drums"}
    assert "paper" not in "\n".join(summary_lines(result))


def test_model_without_classifier(make_run, rng):
    result = evaluate(make_run(make_sounds(rng), "dc-nonclass", 0))
    assert "3.39 ± 2.23" in "\n".join(summary_lines(result))
