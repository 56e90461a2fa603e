"""Saved settings belong to one owner, and are read back unchanged or rejected in one sentence."""

from __future__ import annotations

import json

import pytest

from studio.core import owners, recipes
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.dream.settings import DreamSettings
from studio.run import saved_settings
from studio.style.settings import TransferSettings
from studio.tune.settings import TuneSettings

STYLE = "style.transfer"
SOFT = TransferSettings(strength=0.25, seed=7, house=("mosaic",))


def read_error(data: bytes) -> str:
    with pytest.raises(InvalidInput) as error:
        saved_settings.read(data, STYLE)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_saved_settings_can_be_loaded_until_removed(home):
    assert saved_settings.save(STYLE, "  Soft,  ".replace(",", ""), SOFT) == "Soft"
    saved_settings.save("dream.ascend", "Deep", DreamSettings())
    saved_settings.save(STYLE, "bold", TransferSettings())
    assert saved_settings.list_names(STYLE) == ["bold", "Soft"]
    assert saved_settings.load(STYLE, "Soft") == SOFT
    saved_settings.save(STYLE, "SOFT", TransferSettings(seed=1))
    assert saved_settings.list_names(STYLE) == ["bold", "SOFT"], "capitals do not tell two apart"
    assert saved_settings.load(STYLE, "soft").seed == 1
    saved_settings.remove(STYLE, "SOFT")
    assert saved_settings.list_names(STYLE) == ["bold"]


def test_file_is_a_recipe_without_inputs(home):
    data = saved_settings.to_json(STYLE, SOFT).encode()
    assert recipes.read(data).inputs == {}
    assert saved_settings.read(data, STYLE) == SOFT


def test_settings_are_read_from_a_result(image, home):
    png = image_io.encode_png(image, recipes.make(STYLE, SOFT, {}))
    assert saved_settings.read(png, STYLE) == SOFT


def test_each_visitor_has_separate_settings(home):
    with owners.acting_as("visitor-ann"):
        saved_settings.save(STYLE, "hers", SOFT)
    for other in ("user-bob", owners.LOCAL):
        with owners.acting_as(other):
            assert saved_settings.list_names(STYLE) == []
    with owners.acting_as("visitor-ann"):
        assert saved_settings.load(STYLE, "hers") == SOFT


@pytest.mark.parametrize("name", ["../up", "a/b", "", ".hidden", "x" * 61, "nul"])
def test_names_are_not_paths(home, name):
    with pytest.raises(InvalidInput, match="Invalid name"):
        saved_settings.save(STYLE, name, SOFT)
    with pytest.raises(InvalidInput, match="Invalid settings"):
        saved_settings.load(STYLE, name)
    saved_settings.remove(STYLE, name)


def test_number_of_saved_settings_is_limited(home, monkeypatch):
    monkeypatch.setattr(saved_settings, "MAX_SAVED", 2)
    for name in ("a", "b"):
        saved_settings.save(STYLE, name, SOFT)
    saved_settings.save(STYLE, "b", TransferSettings())
    with pytest.raises(InvalidInput, match="at most 2"):
        saved_settings.save(STYLE, "c", SOFT)


def test_invalid_file_is_rejected_with_a_sentence():
    def message_for(**changes):
        full = {"version": 1, "task": STYLE, "settings": {}} | changes
        return read_error(json.dumps(full).encode())

    dream = saved_settings.to_json("dream.ascend", DreamSettings()).encode()
    assert ": those of Dream. Use those of Style." in read_error(dream)
    assert "those of no.such" in message_for(task="no.such")
    assert "setting `color`" in message_for(settings={"color": 1})
    assert "`strength`" in message_for(settings={"strength": 40})
    assert "`strength`" in message_for(settings={"strength": True})
    assert "larger than 64 KB" in read_error(b"{" + b" " * 70_000)
    assert "neither a PNG with a recipe nor a recipe" in read_error(b"\x7fELF")
    assert "cannot be read" in read_error(b'{"version": 1, "version": 1}')


def test_local_only_settings_are_not_saved(home):
    task = "tune.run"
    data = saved_settings.to_json(task, TuneSettings(train="text", storage="sqlite:///mine.db"))
    assert "mine.db" not in data
