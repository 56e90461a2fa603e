"""Fixtures that run commands in this process or in a separate one."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import paint  # adds the command `invert`
import pytest

from studio import cli
from studio.cli import main
from studio.core import tasks
from studio.core.imaging import image_io

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def photo(tmp_path, image, home, monkeypatch):
    """A photo in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "photo.png"
    path.write_bytes(image_io.encode_png(image))
    return path


@pytest.fixture(scope="session")
def quick_flags() -> tuple[str, ...]:
    """Flags of a training run that takes seconds."""
    return "--units", "16", "--embedding", "8", "--streams", "4", "--sequence", "16", "--layers", "1"


@pytest.fixture(scope="session")
def rhyme() -> str:
    """A text of about 4,000 characters with a simple grammar."""
    who, what = (
        ["the cat", "a dog", "my aunt", "no king"],
        ["milk", "long interpolations", "the sea", "tea at noon"],
    )
    return "".join(f"{who[n * n % 4]} likes {what[n * 3 % 4]}.\n" for n in range(180))


@pytest.fixture(scope="session")
def trained_model(rhyme, quick_flags, session_home, tmp_path_factory) -> Path:
    """The folder of a small model of `rhyme`, trained for a few steps."""
    place = tmp_path_factory.mktemp("trained")
    (place / "rhyme.txt").write_text(rhyme)
    argv = [
        "train",
        "text",
        place / "rhyme.txt",
        "-o",
        place / "language_model",
        *quick_flags,
        "--epochs",
        "3",
        "--quiet",
    ]
    assert main([str(word) for word in argv]) == 0
    return place / "language_model"


@pytest.fixture
def language_model(trained_model, tmp_path, home, monkeypatch) -> Path:
    """A copy of that model in the working folder."""
    monkeypatch.chdir(tmp_path)
    return Path(shutil.copytree(trained_model, tmp_path / "language_model"))


@functools.lru_cache(1)
def build_parser(*_all_tasks):
    """Returns the parser of `studio`, built once for the same tasks: it takes longer than most commands."""
    return cli._build_parser()


@pytest.fixture
def run_command(capsys):
    """Runs a command in this process: exit code, stdout and stderr."""

    def run(*argv):
        code = main([str(word) for word in argv], build_parser(*map(tasks.get, tasks.TASKS)))
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(scope="session")
def start_command():
    """Starts a command in a separate process that has the fake task."""

    def run(*argv, **options):
        code = "import sys, paint; from studio.cli import main; sys.exit(main())"
        path = os.pathsep.join([str(ROOT), str(Path(paint.__file__).parent)])
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, argv)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            **options,
        )

    return run
