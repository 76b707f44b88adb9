"""The order of the folders, read from the source: imports go one way, and a reader finds every file from its folder."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

ORDER = (
    "cli",
    "explorer",
    "reproduction",
    "folder",
    "api",
    "evaluation",
    "sampling",
    "morphing",
    "shaping",
    "kits",
    "export",
    "pretrained",
    "training",
    "runs",
    "models",
    "layers",
    "data",
    "audio",
    "backend",
    "plots",
    "presets",
    "config",
    "model_config",
    "utils",
)
"""A folder imports what stands behind it in this list, and nothing before it."""

DATASETS = ("folder", "digits", "drums")
"""They stand at the same place and do not know one another."""

NO_MODULES = ("__version__", "open_model")
"""What the package itself offers."""

MOST_LINES = 320
MOST_LINES_OF_A_FUNCTION = 80

FILES = {
    **{path.relative_to(ROOT).as_posix(): path for path in (ROOT / "audio_vae").rglob("*.py")},
    **{
        f"audio_vae/{path.relative_to(ROOT).as_posix()}": path
        for name in DATASETS[1:]
        for path in (ROOT / name).glob("*.py")
    },
}
"""Path as installed → file."""


def folder_of(module: str) -> str:
    """Return the second part of a module's name: `audio_vae.runs.lock` → `runs`; empty for the package itself."""
    return [*module.split("."), ""][1]


def is_script_part(node: ast.AST) -> bool:
    """Tell `if __name__ == "__main__":`, in which a module is a command and may use the command line."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def imports_of(path: Path) -> list[str]:
    """Return the modules of the package that a file imports anywhere, its part as a script left out."""
    found = []
    nodes = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if not is_script_part(node)]
    for node in (each for top in nodes for each in ast.walk(top)):
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "audio_vae":
                found += [f"audio_vae.{alias.name}" for alias in node.names if alias.name not in NO_MODULES]
            elif node.module.startswith("audio_vae."):
                found.append(node.module)
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.startswith("audio_vae.")]
    return found


def place(folder: str) -> int:
    return ORDER.index("folder" if folder in DATASETS else folder)


MODULES = sorted(name for name in FILES if name not in ("audio_vae/__init__.py", "audio_vae/__main__.py"))


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name):
    here = name.split("/")[1].removesuffix(".py")
    for module in imports_of(FILES[name]):
        there = folder_of(module)
        assert there in (*ORDER, *DATASETS), f"{name} imports {module}, which has no place in the order"
        assert there == here or place(there) > place(here), f"{name} imports {module}, which stands before it"


def test_an_import_upwards_would_be_found(tmp_path):
    file = tmp_path / "module.py"
    file.write_text("def late():\n    from audio_vae.cli import main\n    import audio_vae.runs.run\n")
    assert imports_of(file) == ["audio_vae.cli", "audio_vae.runs.run"]
    file.write_text('if __name__ == "__main__":\n    from audio_vae.cli.main import main\n')
    assert imports_of(file) == []


@pytest.mark.parametrize("folder", sorted({name.rsplit("/", 1)[0] for name in MODULES} - {"audio_vae"}))
def test_a_folder_says_what_each_file_is(folder):
    init = FILES[f"{folder}/__init__.py"]
    tree = ast.parse(init.read_text(encoding="utf-8"))
    assert len(tree.body) == 1, f"{folder}/__init__.py holds more than its docstring"
    said = ast.get_docstring(tree)
    for name in MODULES:
        if name.rsplit("/", 1)[0] == folder and not name.endswith("__init__.py"):
            stem = name.rsplit("/", 1)[1].removesuffix(".py")
            assert any(line.startswith(f"{stem} ") for line in said.splitlines()), f"{folder}/__init__.py lacks {stem}"


@pytest.mark.parametrize("name", MODULES)
def test_files_and_functions_are_short(name):
    text = FILES[name].read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MOST_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            n_lines = node.end_lineno - node.lineno + 1
            assert n_lines <= MOST_LINES_OF_A_FUNCTION, f"{node.name} of {name} has {n_lines} lines"


@pytest.mark.parametrize("name", MODULES)
def test_registered_classes_lie_in_layers_and_models(name):
    if "register_keras_serializable" in FILES[name].read_text(encoding="utf-8"):
        assert name.split("/")[1] in ("layers", "models")
