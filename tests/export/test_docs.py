"""The Python examples of docs/serving.md run as they stand there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "serving.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
FORMATS = {"tensorflow": "savedmodel", "ai_edge_litert": "litert", "onnxruntime": "onnx"}
"""Module that an example imports → format that it loads."""


def format_of(example):
    (file_format,) = {found for module, found in FORMATS.items() if module in example}
    return file_format


def test_there_is_an_example_of_each_runtime():
    assert {format_of(each) for each in EXAMPLES} == set(FORMATS.values())


@pytest.mark.parametrize("example", EXAMPLES, ids=format_of)
def test_the_example_runs(example, export_shipped):
    folder = export_shipped("digits", format_of(example)).folder
    done = subprocess.run(
        [sys.executable, "-c", example],
        # Its paths start with the folder `models`.
        cwd=folder.parents[2],
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
