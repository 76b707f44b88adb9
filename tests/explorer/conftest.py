import pytest

pytest.importorskip("starlette", reason="the extra explore is not installed")

from starlette.testclient import TestClient

from audio_vae.api.open import open_model
from audio_vae.explorer import frames
from audio_vae.explorer.app import make_app
from audio_vae.explorer.workbench import Workbench

ORIGIN = "http://127.0.0.1:8765"


@pytest.fixture(scope="session")
def one_shot_run(make_tone_run, tmp_path_factory):
    """A run of sounds that start at their onset, whose morphs are made of the sounds."""
    return make_tone_run(tmp_path_factory.mktemp("one-shots") / "run", onset_db=40.0)


@pytest.fixture(scope="session")
def bench(one_shot_run, tmp_path_factory):
    return Workbench(open_model(one_shot_run.path), tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="session")
def app(bench):
    return make_app(bench, bench.first_ends(("low", "it's high")))


@pytest.fixture
def client(app):
    """A browser of this machine, with the page's own origin."""
    with TestClient(app, base_url=ORIGIN, headers={"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}) as client:
        yield client


@pytest.fixture
def ask(client):
    """Ask for sounds, and return them as they were given."""

    def call(verb, **values):
        answer = client.post(f"/api/{verb}", json=values)
        assert answer.status_code == 200, answer.text
        return frames.from_bytes(answer.content)

    return call


@pytest.fixture
def refused(client):
    """Ask for something that is refused, and return the reason."""

    def call(verb, status=400, **values):
        answer = client.post(f"/api/{verb}", json=values)
        assert answer.status_code == status, answer.text[:200]
        assert "\n" not in answer.text
        return answer.text

    return call
