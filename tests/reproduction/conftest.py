"""Made-up results."""

import functools

import pytest
from tiny_results import store_result


@pytest.fixture
def store(tmp_path):
    """Store a made-up result of a known experiment."""
    return functools.partial(store_result, tmp_path)
