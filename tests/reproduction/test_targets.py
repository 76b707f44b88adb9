"""Which figures are reached."""

from tiny_results import deviation, rendered, stored

from audio_vae.reproduction import targets


def test_what_the_studio_preset_reaches(store, tmp_path):
    peak_1 = targets.STUDIO_READINGS[1]
    figures = {"morph": 0.25, "crossfade": 0.2, "won": 7, "lost": 3, "equal": 0}
    names = ("smoothness", "nearest_real_distance", "confidence", "not_a_mix")
    morphs = {"steps": 9, "spacing": "even", "n_pairs": 10, "measures": dict.fromkeys(names, figures)}
    store("studio-jackson", one_nn=0.98, mean=-0.9, morphs=morphs)
    # Both readings count.
    store("studio-theo", one_nn=0.97, mean=-0.1, **{peak_1: deviation(0.1)})
    found = {
        each.figure: (each.needed, each.measured, each.outcome) for each in targets.studio_outcomes(stored(tmp_path))
    }
    assert found["1-NN accuracy, `studio-jackson`"] == ("at least 99 %", "98 %", "**missed**")
    assert found["1-NN accuracy, `studio-theo`"] == ("at least 97 %", "97 %", "reached")
    assert found["1-NN accuracy, `studio-nicolas`"][1:] == ("no result", "no result")
    assert found["mean deviation, `studio-jackson`"] == ("at most −0.80", "−0.90 / −0.90", "reached")
    assert found["mean deviation, `studio-theo`"] == ("at most 0.00", "−0.10 / 0.10", "**missed**")
    assert found["training, `studio-jackson`"] == ("at most 15 min", "121.0 min", "**missed**")
    of_morphs = {figure: said for figure, said in found.items() if figure.startswith("morphs, ")}
    assert list(of_morphs.values()) == [
        ("better", "0.250", "reached"),
        ("better", "0.250", "**missed**"),
        ("better", "0.250", "reached"),
        ("at least as good", "0.250", "**missed**"),
    ]


def test_studio_is_to_be_better_on_drums_than_the_papers_network(store, tmp_path):
    def of_drums():
        all_of_them = targets.studio_outcomes(stored(tmp_path))
        return [each for each in all_of_them if each.figure.endswith("`studio-drums`")]

    assert {each.outcome for each in of_drums()} == {"no result"}
    distance = {"log_spectral_distance_db": {"test": {"mean": 4.5}}}
    store("studio-drums", one_nn=0.8, mean=-2.0, **distance, attack_time_error_ms={"test": 70.0})
    assert {each.outcome for each in of_drums()} == {"open"}
    distance = {"log_spectral_distance_db": {"test": {"mean": 13.6}}}
    store("drums", one_nn=0.6, mean=13.9, **distance, attack_time_error_ms={"test": 65.9})
    assert [(each.reference, each.measured, each.outcome) for each in of_drums()] == [
        ("`drums` 0.400", "0.200", "reached"),
        ("`drums` 13.900", "−2.000", "reached"),
        ("`drums` 13.600", "4.500", "reached"),
        ("`drums` 65.900", "70.000", "**missed**"),
    ]


def test_a_deviation_that_is_not_known_is_no_success(store, tmp_path):
    store("dc-nonclass", mean=None)
    store("cc", mean=None)
    said = {each.figure: each.outcome for each in targets.paper_outcomes(stored(tmp_path))}
    assert said["mean deviation, DC-VAE, no classifier"] == "open"
    assert said["mean deviation, CC-VAE"] == "**missed**"
    assert "–" in rendered(tmp_path)
