"""The figures of the paper."""

import numpy as np
import pytest

from audio_vae.evaluation import paper


@pytest.mark.parametrize("preset", sorted(paper.TABLE_3))
def test_the_papers_averages_are_the_means_of_its_columns(preset):
    """The reading of Table 3's last row that `average` follows."""
    *classes, average = paper.TABLE_3[preset].values()
    np.testing.assert_allclose(np.mean(classes, axis=0), average, atol=0.0101)
