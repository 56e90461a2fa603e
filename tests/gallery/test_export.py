"""Zip exports: complete files with unique names and their recipes."""

from __future__ import annotations

import io
import json
import zipfile

import pytest

from studio.core import recipes
from studio.core.errors import InvalidInput, Unavailable
from studio.gallery import export, items


def test_zip_has_each_file_with_its_recipe(tmp_path, make_item, make_text):
    entries = [items.find(make_item(shade=3, seed=5)), items.find(make_text("a tale\n" * 50, seed=6))]
    with zipfile.ZipFile(export.save_zip(entries, tmp_path / "all.zip")) as packed:
        names = packed.namelist()
        assert [name.rpartition(".")[2] for name in names] == ["png", "txt", "json"]
        assert names[2] == f"{names[1]}.json"
        assert packed.read(names[0]) == entries[0].result.files[0].read()
        assert recipes.read(packed.read(names[0])).settings["seed"] == 5
        assert packed.read(names[1]) == b"a tale\n" * 50
        assert recipes.read(packed.read(names[2])).settings["seed"] == 6
        assert all(name[4] == name[7] == "-" and "-fake-" in name for name in names), "the day, what made it"


def test_files_of_equal_names_get_numbers(tmp_path, make_item):
    exported = [items.find(make_item(shade=shade)) for shade in (1, 2, 3)]
    with zipfile.ZipFile(export.save_zip(exported, tmp_path / "all.zip")) as packed:
        assert len({name.casefold() for name in packed.namelist()}) == 3
        assert len({packed.read(name) for name in packed.namelist()}) == 3


def test_names_in_the_zip_have_no_paths(make_item, home):
    id = make_item()
    outcome = home / "jobs" / id / "outcome.json"
    record = json.loads(outcome.read_bytes())
    record["result"]["files"][0]["name"] = "../../C:\\evil\x1b.png"
    outcome.write_text(json.dumps(record))
    buffer = io.BytesIO()
    export.write_zip([items.find(id)], buffer)
    (name,) = zipfile.ZipFile(buffer).namelist()
    assert not set(name) & set('/\\:\x1b"')


def test_export_of_nothing_is_rejected(tmp_path):
    with pytest.raises(InvalidInput, match="nothing to export"):
        export.save_zip([], tmp_path / "all.zip")
    assert list(tmp_path.iterdir()) == []


def test_failed_export_leaves_no_zip(tmp_path, make_item):
    exported = [items.find(make_item(shade=shade)) for shade in (1, 2)]
    exported[0].result.files[0].path.unlink()
    (tmp_path / "all.zip").write_bytes(b"before")
    with pytest.raises(Unavailable):
        export.save_zip(exported, tmp_path / "all.zip")
    assert (tmp_path / "all.zip").read_bytes() == b"before"
