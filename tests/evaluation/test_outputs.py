"""What a model makes of the sounds that it is evaluated on."""

import numpy as np
import pytest
from tiny_report import CLASSES

from audio_vae.evaluation.evaluate import evaluate
from audio_vae.evaluation.outputs import run_model
from audio_vae.utils.errors import UserError


def test_outputs_are_those_of_the_model(run):
    sounds = run.sounds
    outputs = run_model(run, sounds)
    means, _ = run.encode(sounds.audio)
    np.testing.assert_allclose(outputs.means, means, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outputs.reconstructions, run.decode(means), rtol=1e-4, atol=1e-5)
    for centres, of_set in ((outputs.centres, sounds.is_test), (outputs.train_centres, ~sounds.is_test)):
        for label, centre in enumerate(centres):
            mean = means[of_set & (sounds.labels == label)].mean(axis=0, keepdims=True)
            np.testing.assert_allclose(centre, run.decode(mean)[0], rtol=1e-4, atol=1e-5)


def test_a_class_without_test_sounds_has_no_centre(run):
    sounds = run.sounds
    keep = np.flatnonzero(~(sounds.is_test & (sounds.labels == 1)))
    outputs = run_model(run, sounds.take(keep))
    assert np.isnan(outputs.centres[1]).all()
    assert np.isfinite(outputs.train_centres).all()
    assert list(outputs.centres_by_name(CLASSES)) == [CLASSES[0], CLASSES[2]]


def test_a_decoder_that_gives_nan_is_refused(run):
    layer = run.model.decoder.layers[-2]
    layer.set_weights([np.nan * weights for weights in layer.get_weights()])
    with pytest.raises(UserError, match=r"model.keras gives NaN or infinite values: copy an earlier file of"):
        run_model(run, run.sounds)


def test_progress_is_shown_on_request_alone(run, capsys):
    evaluate(run, show_progress=False)
    assert capsys.readouterr().err == ""
    evaluate(run, show_progress=True)
    assert "evaluating: 100%" in capsys.readouterr().err
