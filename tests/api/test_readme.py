"""The API examples of the README run unchanged against a real server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from studio.core.imaging import image_io

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = README.partition("### From other machines and programs")[2].partition("\n## ")[0]
USUAL = "http://localhost:8501"


@pytest.fixture
def run(served, tmp_path, image):
    """Runs code of the section next to a photo, with the address and token of the studio."""
    (tmp_path / "photo.jpg").write_bytes(image_io.encode_as(image, ".jpg"))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    about = {"PATH": path, "STUDIO_SERVER_TOKEN": served.token, "PYTHONPATH": str(ROOT)}

    def run(words: list[str], lines: str, home: Path) -> str:
        done = subprocess.run(
            [*words, lines.replace(USUAL, served.address)],
            cwd=tmp_path,
            env=os.environ | about | {"STUDIO_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def _lines(language: str) -> str:
    [block] = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert USUAL in block
    return block


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_the_lines_of_curl(run, served, tmp_path):
    output = run(["sh", "-euc"], _lines("sh"), served.home)
    assert image_io.read(tmp_path / "out.png").shape == (384, 512, 3)
    assert '"name":"photo.jpg"' in output and '"task":"text.write"' in output


def test_the_lines_of_python(run, tmp_path):
    output = run([sys.executable, "-c"], _lines("python"), tmp_path / "home")
    assert image_io.read(tmp_path / "out.png").shape == (384, 512, 3)
    assert output.startswith("O, what") and len(output) > 200


def test_the_command(run, tmp_path):
    [line] = re.findall(r"`(studio --server [^`]*)`", SECTION)
    assert run(["sh", "-euc"], line, tmp_path / "home") == "out.png\n"
    assert image_io.read(tmp_path / "out.png").shape == (384, 512, 3)
