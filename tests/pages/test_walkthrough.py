"""The example capability of CONTRIBUTING.md: its files are extracted and tested."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import studio
from studio.cli import main
from studio.core import tasks
from studio.core.imaging import image_io, sample_photos

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "CONTRIBUTING.md"
MYPY_CACHE = ".mypy_cache"
FILE_IN_GUIDE = re.compile(
    r"^`((?:studio|pages)/[a-z_/]+\.py)` (?:.|\n)*?```python\n((?:.|\n)*?)```", re.MULTILINE
)


@pytest.fixture
def example_capability(tmp_path, monkeypatch):
    """The example capability of the guide, as if it were part of the project."""
    programs = dict(FILE_IN_GUIDE.findall(GUIDE.read_text()))
    assert sorted(programs) == [
        "pages/pixel_image.py",
        "studio/pixels/__init__.py",
        "studio/pixels/settings.py",
        "studio/pixels/task.py",
    ]
    for name, code in programs.items():
        path = tmp_path / "guide" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
    monkeypatch.setattr(studio, "__path__", [*studio.__path__, str(tmp_path / "guide" / "studio")])
    [(name, entry)] = re.findall(r'^    "(pixels\.coarsen)": "(.+)",$', GUIDE.read_text(), re.MULTILINE)
    monkeypatch.setitem(tasks.TASKS, name, entry)
    yield tmp_path / "guide"
    for module in [name for name in sys.modules if name.startswith("studio.pixels")]:
        del sys.modules[module]


@pytest.fixture(scope="module")
def example_files(tmp_path_factory):
    """A copy of the code with the files of the guide, and the cache of an earlier run of mypy."""
    copy = tmp_path_factory.mktemp("pasted")
    if (ROOT / MYPY_CACHE).is_dir():
        shutil.copytree(ROOT / MYPY_CACHE, copy / MYPY_CACHE)
    for folder in ("studio", "pages"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", "*.webp"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    for name, code in FILE_IN_GUIDE.findall(GUIDE.read_text()):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_text(code)
    return copy


@pytest.mark.slow
@pytest.mark.parametrize("check", ["ruff check", "ruff format --check", "mypy"])
def test_its_files_pass_all_checks(example_files, check):
    command = [sys.executable, "-m", *check.split(), "studio/pixels", "pages/pixel_image.py"]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=example_files)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.slow
def test_its_command_makes_a_reproducible_result(example_capability, monkeypatch, capsys):
    monkeypatch.chdir(example_capability)
    assert main(["pixels", "sample:coffee", "-o", "out.png", "--side", "8", "--quiet"]) == 0
    image = image_io.read("out.png")
    assert (image[:8, :8] == image[0, 0]).all() and len({tuple(row) for row in image[::8, 0]}) > 9
    assert abs(image.mean() - sample_photos.read_photo("coffee").mean()) < 3
    assert main(["replay", "out.png", "--verify", "--quiet"]) == 0
    assert "identical" in capsys.readouterr().out
    assert main(["pixels", "sample:coffee", "-o", "sheet.png", "--vary", "side=4:64:3", "--quiet"]) == 0
    assert main(["pixels", "sample:coffee", "-o", "out.png", "--side", "1"]) == 2
    assert "2 to 128" in capsys.readouterr().err


def test_its_page_shows_the_result_of_the_form(example_capability, engine, monkeypatch):
    results = []
    monkeypatch.setattr(
        "pages.parts.show_live",
        lambda task, settings, ask, before: results.append(tasks.run(task, settings, ask())),
    )
    page = AppTest.from_file(str(example_capability / "pages" / "pixel_image.py"), default_timeout=60).run()
    assert not page.exception
    page.slider[0].set_value(64).run()
    assert not page.exception
    few, many = results[-1].figures["squares"], results[0].figures["squares"]
    assert few * 10 < many
