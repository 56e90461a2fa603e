"""Texts name modules, functions and files that exist: docstrings, comments, errors, docs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from studio.core.tasks import TASKS

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("studio", "pages", "training", "benchmarks", "tests")
QUOTED = re.compile(r"`[^`\n]+`")
DOTTED = re.compile(r"`([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\([^`\n]*\))?`")
PATH = re.compile(rf"`((?:{'|'.join((*FOLDERS, 'docs', 'deploy', 'pretrained'))})/[\w./-]*)`")
DATA_EXTENSIONS = {"json", "jpg", "log", "npz", "pid", "png", "txt"}  # of files with the name of a module
CODE_EXTENSIONS = {"css", "html", "js", "md", "py", "toml", "webp"}
OTHERS = {"vgg16.preprocess_input"}  # Keras' modules with the name of one of ours
OBJECTS = {"model", "house", "canvas", "classes"}  # also variables of examples and scripts
EXAMPLE = re.compile(r"/pixel(s/|_image)|[A-Z]{3}")  # CONTRIBUTING's capability, placeholders


def find_sources() -> list[Path]:
    return [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]


def find_documents() -> list[Path]:
    return [path for pattern in ("*.md", "*/*.md", "docs/*.md") for path in ROOT.glob(pattern)]


def name_module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.fixture(scope="module")
def modules() -> dict[str, set[str]]:
    """The words of each module's code, without the names that its texts quote."""
    return {
        name_module(path): set(re.findall(r"\w+", QUOTED.sub("", path.read_text("utf-8"))))
        for path in find_sources()
    }


def find_owners(stem: str, modules: dict[str, set[str]]) -> list[str]:
    """Returns the modules with this last part of their name."""
    return [module for module in modules if module.rpartition(".")[2] == stem]


def find_files(name: str) -> Iterator[Path]:
    return (path for folder in FOLDERS for path in (ROOT / folder).rglob(name))


def is_stale(name: str, modules: dict[str, set[str]]) -> bool:
    """Returns whether a dotted name means a module of the project, but the module lacks its next part."""
    parts = name.split(".")
    if name in TASKS or name in OTHERS or parts[0] in OBJECTS or parts[-1] in DATA_EXTENSIONS:
        return False
    if parts[-1] in CODE_EXTENSIONS:
        return bool(find_owners(parts[0], modules)) and not any(find_files(name))
    if parts[0] in FOLDERS:
        length = next(n for n in range(len(parts), 0, -1) if (ROOT.joinpath(*parts[:n])).is_dir() or n == 1)
        owners = [".".join(parts[:length]), ".".join(parts[: length + 1])]
        member = parts[length + 1 : length + 2] if owners[1] in modules else parts[length : length + 1]
        return bool(member) and not any(member[0] in modules.get(owner, ()) for owner in owners)
    owners = find_owners(parts[0], modules)
    known = any(parts[1] in modules[owner] or f"{owner}.{parts[1]}" in modules for owner in owners)
    return bool(owners) and not known


def find_stale_names(paths: Iterable[Path], modules: dict[str, set[str]]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in paths
        for name in DOTTED.findall(path.read_text("utf-8"))
        if is_stale(name, modules)
    ]


def test_quoted_names_of_the_code_exist(modules):
    assert not find_stale_names([*find_sources(), *find_documents()], modules)


@pytest.mark.parametrize(
    "name", ["studio.core.paths.vanish", "studio.core.nowhere.load", "archives.members_of", "studio.gone"]
)
def test_a_stale_name_is_detected(modules, name):
    assert is_stale(name, modules)


@pytest.mark.parametrize(
    "name", ["studio.core.paths.digest", "studio.core.paths", "paths.digest", "style.transfer", "keras.ops"]
)
def test_an_existing_name_is_accepted(modules, name):
    assert not is_stale(name, modules)


def test_quoted_paths_exist():
    assert not [
        f"{path.relative_to(ROOT)}: {name}"
        for path in [*find_sources(), *find_documents()]
        for name in PATH.findall(path.read_text("utf-8"))
        if not EXAMPLE.search(name) and not (ROOT / name).exists()
    ]
