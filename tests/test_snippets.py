"""The Python in the README runs as it stands there, smaller so that it is quick."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from studio.core.pictures import images, paintings, sample_photos

README = Path(__file__).resolve().parents[1] / "README.md"
FOUND = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
SNIPPETS = [one for one in FOUND if "studio.connect" not in one]  # tests/api asks a studio by those


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(SNIPPETS)))
def test_a_snippet_of_the_readme_runs(number, weights_home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes(images.encode_as(sample_photos.photo("chelsea"), ".jpg"))
    Path("painting.jpg").write_bytes(images.encode_as(paintings.draw("mosaic"), ".jpg"))
    code = re.sub(r"\bsize=\d+", "size=96", SNIPPETS[number])
    Path("snippet.py").write_text(code)
    before = set(Path().iterdir())
    runpy.run_path("snippet.py")
    made = set(Path().iterdir()) - before
    assert made
    for path in made:
        assert images.read(path).std() > 5
    assert ("print(" in code) == bool(capsys.readouterr().out)


def test_there_are_snippets():
    assert (len(FOUND), len(SNIPPETS)) == (3, 2)
