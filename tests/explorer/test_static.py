"""The page as files alone; `test_page.py` opens it in a browser."""

import re

import numpy as np
import pytest

from audio_vae.explorer import static
from audio_vae.explorer.about import PAGE
from audio_vae.explorer.layout import quick_layout
from audio_vae.utils.errors import UserError


def test_the_page_is_the_same_but_for_what_makes_the_sounds():
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    made = static.static_page(page)
    assert 'data-backend="static"' in made
    assert static.POLICY in made
    assert "unsafe-inline" not in static.POLICY
    body = page.index("<body>")
    assert made[made.index("<body>") :] == page[body:]
    with pytest.raises(UserError, match="incomplete"):
        static.static_page("<html></html>")


def test_it_offers_what_it_can_do_and_says_what_is_left_out(bench, monkeypatch):
    monkeypatch.setattr(static, "layout", quick_layout)
    points = static.points_of(bench)
    about = static.static_model(bench, ("class:low", "class:low"), points)
    assert (about["can"], about["keeps"], about["kits"]) == (["morph", "blend"], ["wav"], {})
    assert "need audio-vae explore" in about["left_out"]
    assert len(about["peaks"]) == len(about["lengths"]) == len(about["x"]) == 8 + 2
    assert about["lengths"][:8] == bench.run.sounds.lengths.tolist()
    np.testing.assert_allclose(about["peaks"][:8], bench.run.sounds.peaks, rtol=1e-6)


def test_both_pages_ask_for_the_same_functions():
    exported = [
        set(re.findall(r"^export (?:async )?(?:function|const) (\w+)", (PAGE / name).read_text(encoding="utf-8"), re.M))
        for name in ("server.js", "static.js")
    ]
    assert exported[0] == exported[1]
