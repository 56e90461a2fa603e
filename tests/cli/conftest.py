"""How the tests of the command line run it: in this process, or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import paint  # adds the command `paint`
import pytest

from studio.cli import main
from studio.core import images

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def photo(tmp_path, picture, home, monkeypatch):
    """A photo in the working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "photo.png"
    path.write_bytes(images.encode_png(picture))
    return path


@pytest.fixture
def said(capsys):
    """Runs a command in this process: exit code, stdout and stderr."""

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture(scope="session")
def start():
    """Starts a command in a process of its own, with the fake task in it."""

    def run(*words, **options):
        code = "import sys, paint; from studio.cli import main; sys.exit(main())"
        path = os.pathsep.join([str(ROOT), str(Path(paint.__file__).parent)])
        return subprocess.Popen(
            [sys.executable, "-c", code, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path},
            **options,
        )

    return run
