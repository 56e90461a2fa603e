"""One way from names to settings and inputs, whoever asks, and one check on it."""

from __future__ import annotations

import pytest

import studio
from studio.cli import main
from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.run import input_files, request

TRANSFER = tasks.get("style.transfer")


@pytest.mark.parametrize(
    "values, words, chosen, named",
    [
        ({}, {"style": ["house:mosaic", "a.png"]}, {"house": ["mosaic"]}, {"style": ["a.png"]}),
        ({"house": "wash"}, {"style": ["house:mosaic"]}, {"house": ["wash", "mosaic"]}, {}),
        ({"network": "house"}, {}, {"network": "house"}, {}),
        ({"network": "mine.zip"}, {}, {}, {"network": ["mine.zip"]}),
    ],
)
def test_names_become_settings_and_all_else_files(home, values, words, chosen, named):
    found, files = request.sort(TRANSFER, values, words)
    assert found == chosen
    assert {slot: given for slot, given in files.items() if given} == named


def test_too_many_files_are_refused_before_one_is_read(home, monkeypatch):
    monkeypatch.setattr(input_files, "check", None)
    with pytest.raises(InvalidInput, match="style"):
        request.resolve(TRANSFER, {}, {"content": ["sample:coffee"], "style": ["nowhere.png"] * 5})
    with pytest.raises(InvalidInput, match="Did you mean style"):
        request.resolve(TRANSFER, {}, {"styles": ["a.png"]})


@pytest.fixture
def checked(monkeypatch):
    """Every time that a request is checked."""
    found = []
    for name in ("check", "check_room"):
        real = getattr(tasks, name)
        monkeypatch.setattr(
            tasks, name, lambda *asked, name=name, real=real: found.append(name) or real(*asked)
        )
    return found


def test_a_request_is_checked_once(home, checked, tmp_path):
    studio.make("style", content="sample:coffee", style="house:mosaic", size=64, quiet=True)
    assert checked == ["check", "check_room"]
    checked.clear()
    words = ["style", "sample:coffee", "house:mosaic", "--size", "64", "-o", str(tmp_path / "out.png")]
    assert main(words) == 0
    assert checked == ["check", "check_room"]
