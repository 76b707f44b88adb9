import pytest

from audio_vae.digits.sources import SOURCES


@pytest.mark.parametrize(
    ("name", "expected"),
    [("3_jackson_12.wav", True), ("0_theo_0.wav", True), ("3_jackson_12.wav.bak", False), ("kick/kick-00.wav", False)],
)
def test_recordings_are_told_by_their_name(name, expected):
    assert any(source.has(name) for source in SOURCES) is expected
