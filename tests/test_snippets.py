"""Python snippets of the README and the guide run, with smaller sizes."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from studio.core.imaging import image_io, paintings, sample_photos

from .documents import DOCUMENTS, find_code_blocks

ALL_SNIPPETS = [
    (document.name, code) for document in DOCUMENTS for code in find_code_blocks(document, "python")
]
SNIPPETS = [snippet for snippet in ALL_SNIPPETS if "studio.connect" not in snippet[1]]  # tests/api runs those


def _draw_seven(to: int) -> np.ndarray:
    """Returns a hand-drawn seven, down to a row."""
    image = Image.new("RGB", (280, 280), "white")
    ImageDraw.Draw(image).line([(70, 60), (200, 60), (120, 240)], "black", 24)
    image.paste("white", (0, to, 280, 280))
    return np.asarray(image)


@pytest.mark.slow
@pytest.mark.parametrize("name, code", SNIPPETS, ids=[name for name, _ in SNIPPETS])
def test_snippets_run(name, code, resnet50_home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(image_io.encode_as(sample_photos.read_photo("chelsea"), ".jpg"))
    Path("painting.jpg").write_bytes(image_io.encode_as(paintings.read_painting("mosaic"), ".jpg"))
    for drawing, to in (("drawing.png", 250), ("half.png", 140)):
        Path(drawing).write_bytes(image_io.encode_png(_draw_seven(to)))
    code = re.sub(r"\bsize=\d+", "size=96", code).replace('mode="fine"', 'mode="fine", steps=2')
    Path("snippet.py").write_text(code)
    before = set(Path().iterdir())
    runpy.run_path("snippet.py")
    files = set(Path().iterdir()) - before
    assert files or "print(" in code
    for path in files:
        assert image_io.read(path).std() > 5
    assert ("print(" in code) == bool(capsys.readouterr().out)


@pytest.mark.slow
def test_there_are_snippets():
    assert len(SNIPPETS) > 6 and len(ALL_SNIPPETS) == len(SNIPPETS) + 2
