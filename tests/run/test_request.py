"""Names become settings and inputs in one function, with one check, for each interface."""

from __future__ import annotations

import pytest

import studio
from studio.cli import main
from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.run import input_files, request

TRANSFER = tasks.get("style.transfer")


@pytest.mark.parametrize(
    "values, slot_values, expected, named",
    [
        ({}, {"style": ["house:mosaic", "a.png"]}, {"house": ["mosaic"]}, {"style": ["a.png"]}),
        ({"house": "wash"}, {"style": ["house:mosaic"]}, {"house": ["wash", "mosaic"]}, {}),
        ({"network": "house"}, {}, {"network": "house"}, {}),
        ({"network": "mine.zip"}, {}, {}, {"network": ["mine.zip"]}),
        ({}, {"mask": ["person", "background"]}, {"mask": ["person", "background"]}, {}),
        ({"mask": "face"}, {"mask": ["person"]}, {"mask": ["face", "person"]}, {}),
        ({}, {"mask": ["sky.png", "./person"]}, {}, {"mask": ["sky.png", "./person"]}),
    ],
)
def test_names_become_settings_and_paths_become_files(home, values, slot_values, expected, named):
    settings, files = request.separate_names(TRANSFER, values, slot_values)
    assert settings == expected
    assert {slot: inputs for slot, inputs in files.items() if inputs} == named


def test_too_many_files_are_rejected_before_reading(home, monkeypatch):
    monkeypatch.setattr(input_files, "check", None)
    with pytest.raises(InvalidInput, match="style"):
        request.resolve(TRANSFER, {}, {"content": ["sample:coffee"], "style": ["nowhere.png"] * 5})
    with pytest.raises(InvalidInput, match="Did you mean style"):
        request.resolve(TRANSFER, {}, {"styles": ["a.png"]})


@pytest.fixture
def checks(monkeypatch):
    """Records each check of a request."""
    names = []
    for name in ("check", "check_memory"):
        real = getattr(tasks, name)
        monkeypatch.setattr(
            tasks, name, lambda *args, name=name, real=real: names.append(name) or real(*args)
        )
    return names


def test_request_is_checked_once(home, checks, tmp_path):
    studio.make("style", content="sample:coffee", style="house:mosaic", size=64, quiet=True)
    assert checks == ["check", "check_memory"]
    checks.clear()
    slot_values = ["style", "sample:coffee", "house:mosaic", "--size", "64", "-o", str(tmp_path / "out.png")]
    assert main(slot_values) == 0
    assert checks == ["check", "check_memory"]
