"""The tables with the paper's figures under both protocols."""

from tiny_results import deviation, rendered, row, store_result, stored

from audio_vae.evaluation.mfcc import PROTOCOL_READINGS
from audio_vae.reproduction import protocol_tables, targets
from audio_vae.reproduction.experiments import TURNED


def figures(one_nn, mean, db=16.7):
    return {
        "n_evaluated": 100,
        "one_nn_accuracy": one_nn,
        "deviation": {reading: deviation(mean) for reading in PROTOCOL_READINGS},
        "signal_to_noise_db": {"median": db, "least": 12.7, "largest": 23.1},
    }


def both(held_out, as_published):
    return {"protocols": {"held_out": held_out, "as_published": as_published}}


def test_the_protocols_have_a_table_each(tmp_path):
    store_result(tmp_path, "cc", **both(figures(0.5, 7.0, -0.5), figures(0.97, 1.0)))
    store_result(tmp_path, "cc-code", **both(None, figures(0.94, -0.5)))
    page = rendered(tmp_path)
    held_out, as_published = (
        "### Held out: takes that the model never saw",
        "### As published: takes that the model was",
    )
    # The made-up config trains on 400 takes alone, 117 times.
    assert row(page, "`cc`", held_out) == ["117", "47 thousand", "50 %", *["7.00 ± 1.00"] * 4, "−0.5 dB"]
    assert row(page, "`cc`", as_published) == ["117", "47 thousand", "97 %", *["1.00 ± 1.00"] * 4, "16.7 dB"]
    assert row(page, "`cc-code`", held_out)[2:] == ["–"] * 6
    assert row(page, "`cc-code`", as_published)[2:4] == ["94 %", "−0.50 ± 1.00"]
    assert row(page, "`dc-code`", as_published)[0] == "no result"


def test_what_an_older_report_tells_was_held_out(tmp_path):
    store_result(tmp_path, "cc", one_nn=0.85, mean=11.8)
    (result,) = stored(tmp_path).values()
    assert protocol_tables.figures_under(result.report, "as_published") is None
    table = protocol_tables.protocol_table({"cc": result}, "held_out")
    assert row(table, "`cc`")[2:] == ["85 %", "11.80 ± 1.00", "11.80 ± 1.00", "–", "–", "–"]


def test_each_turned_point_has_a_row_with_both_protocols(tmp_path):
    store_result(tmp_path, "quarter-sigmoid", **both(figures(0.5, 7.0, -0.5), figures(0.97, 1.0)))
    table = protocol_tables.turned_table(TURNED, stored(tmp_path))
    cells = row(table, "`quarter-sigmoid`")
    assert cells[0] == "a softmax of sigmoids"
    assert cells[3:11] == [
        "50 %",
        "7.00 ± 1.00",
        "7.00 ± 1.00",
        "−0.5 dB",
        "97 %",
        "1.00 ± 1.00",
        "1.00 ± 1.00",
        "16.7 dB",
    ]
    assert cells[11:] == ["50", "1", "–"]
    assert row(table, "`code-quarter`")[1] == "no result"
    assert table.count("\n") == 1 + len(TURNED)


def test_what_is_reached_as_published(tmp_path):
    store_result(tmp_path, "dc-code", **both(None, figures(0.96, -0.329)))
    store_result(tmp_path, "cc-code", **both(None, figures(0.93, 0.2, 11.9)))
    store_result(tmp_path, "dc-code-nonclass", **both(None, figures(0.1, 3.0)))
    store_result(tmp_path, "cc-together", **both(None, figures(0.94, 0.1, 12.0)))
    store_result(tmp_path, "dc", **both(figures(0.97, -0.4), figures(0.95, -0.34)))
    outcomes = targets.published_outcomes(stored(tmp_path))
    found = {each.figure: (each.measured, each.outcome) for each in outcomes if each.measured != "no result"}
    assert len(outcomes) == 2 * 7 + 3
    assert found == {
        "1-NN, `dc`": ("95 %", "**missed**"),
        "mean deviation, `dc`": ("−0.340", "reached"),
        "reconstruction, median, `dc`": ("16.7 dB", "reached"),
        "1-NN, `dc-code`": ("96 %", "reached"),
        "1-NN, `cc-code`": ("93 %", "**missed**"),
        "mean deviation, `dc-code`": ("−0.329", "**missed**"),
        "mean deviation, `cc-code`": ("0.200", "reached"),
        "mean deviation, `dc-code-nonclass`": ("3.000", "reached"),
        "reconstruction, median, `dc-code`": ("16.7 dB", "reached"),
        "reconstruction, median, `cc-code`": ("11.9 dB", "**missed**"),
        "1-NN, `cc-together`": ("94 %", "reached"),
        "mean deviation, `cc-together`": ("0.100", "reached"),
        "reconstruction, median, `cc-together`": ("12.0 dB", "reached"),
    }


def test_averages_count_as_sounds_that_are_shown(tmp_path):
    store_result(tmp_path, "cc-code", epochs_done=2, **both(None, figures(0.9, 1.0)))
    (result,) = stored(tmp_path).values()
    training = {"sounds": "all", "averages": "first"}
    object.__setattr__(result.config, "training", type(result.config.training)(**training))
    assert row(protocol_tables.protocol_table({"x": result}, "as_published"), "`x`")[1] == "21 thousand"
