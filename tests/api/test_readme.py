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
README_ADDRESS = "http://localhost:8501"


@pytest.fixture
def run(studio_server, tmp_path, image):
    """Runs code of the section next to a photo, with the address and token of the studio."""
    (tmp_path / "photo.jpg").write_bytes(image_io.encode_as(image, ".jpg"))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    about = {"PATH": path, "STUDIO_SERVER_TOKEN": studio_server.token, "PYTHONPATH": str(ROOT)}

    def run(argv: list[str], lines: str, home: Path) -> str:
        process = subprocess.run(
            [*argv, lines.replace(README_ADDRESS, studio_server.address)],
            cwd=tmp_path,
            env=os.environ | about | {"STUDIO_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert process.returncode == 0, process.stderr
        return process.stdout

    return run


def _find_code(language: str) -> str:
    [block] = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert README_ADDRESS in block
    return block


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl")
def test_readme_curl_example_works(run, studio_server, tmp_path):
    output = run(["sh", "-euc"], _find_code("sh"), studio_server.home)
    assert image_io.read(tmp_path / "out.png").shape == (384, 512, 3)
    assert '"name":"photo.jpg"' in output and '"task":"text.write"' in output


def test_readme_python_example_works(run, tmp_path):
    output = run([sys.executable, "-c"], _find_code("python"), tmp_path / "home")
    assert image_io.read(tmp_path / "out.png").shape == (384, 512, 3)
    assert output.startswith("O, what") and len(output) > 200


def test_readme_command_works(run, tmp_path):
    [line] = re.findall(r"`(studio --server [^`]*)`", SECTION)
    assert run(["sh", "-euc"], line, tmp_path / "home") == "out.png\n"
    assert image_io.read(tmp_path / "out.png").shape == (384, 512, 3)
