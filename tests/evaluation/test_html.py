"""The report as a page."""

import base64
import re


def test_page_needs_nothing_else(evaluated):
    page = (evaluated[0].path / "report" / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"https?:|//[a-z]|url\(|<link|<script|@import", re.sub(r"base64,[^\"]+", "", page))
    sources = re.findall(r'src="([^"]+)"', page)
    assert len(sources) == 4 + 9
    for source in sources:
        kind, content = re.fullmatch(r"data:(image/png|audio/wav);base64,(.+)", source).groups()
        assert base64.b64decode(content).startswith(b"\x89PNG" if kind == "image/png" else b"RIFF")
    assert "Hi/Hat $x^$ &lt;b&gt;" in page
    assert "0.79 ± 1.65" in page
    assert "<tr><td>log-spectral distance</td><td>" in page
    assert "Share of the sounds that the model is nearer to" in page
    assert "<h2>Fidelity by class" in page
