"""Items are folders: complete or absent, private to their owner, and in line with the engine."""

from __future__ import annotations

import json

import pytest

from studio.core import paths, tasks
from studio.core.errors import Unavailable
from studio.core.imaging import image_io
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.records import Outcome
from studio.gallery import items


def test_item_has_request_and_result(home, make_item):
    item = items.find(make_item(shade=40, tint="red", name="cat.png"))
    assert [path.name for path in (home / "jobs").iterdir()] == [item.id]
    assert (item.task, item.title, item.kind, item.seconds) == ("fake.paint", "Paint", "image", 2.0)
    assert item.settings["tint"] == "red"
    assert [file.name for file in item.inputs["content"]] == ["cat.png"]
    assert item.result.figures == {"loss": 0.5}
    assert item.result.recipe.task == "fake.paint"
    assert image_io.read(item.load_thumbnail()).shape == (48, 64, 3)
    assert abs(int(image_io.read(item.load_thumbnail()).mean()) - 40) < 4


@pytest.mark.parametrize("id", ["", "..", "../jobs", "nothing", "a/b", "\0"])
def test_find_rejects_unknown_ids(home, make_item, id):
    make_item()
    with pytest.raises(Unavailable, match="no such item"):
        items.find(id)


def test_item_is_visible_to_its_owner_only(make_item):
    id = make_item(owner="ann")
    assert items.find(id, "ann").owner == "ann"
    with pytest.raises(Unavailable):
        items.find(id)


def test_missing_thumbnail_is_created(make_item):
    item = items.find(make_item())
    before = item.load_thumbnail()
    (item.folder / "thumbnail.webp").unlink()
    assert item.load_thumbnail() == before
    assert (item.folder / "thumbnail.webp").read_bytes() == before


def test_item_without_its_file_has_a_thumbnail(make_item):
    item = items.find(make_item())
    (item.folder / "thumbnail.webp").unlink()
    item.result.files[0].path.unlink()
    assert image_io.read(item.load_thumbnail()).shape[2] == 3


@pytest.mark.parametrize("fail", range(4))
def test_add_is_atomic(home, make_item, monkeypatch, fail):
    make_item()
    writes = iter(range(100))
    write = paths.write

    def writing(path, data):
        if path.parent.name.startswith(".new-") and next(writes) >= fail:
            raise paths.InsufficientSpace("full")
        return write(path, data)

    monkeypatch.setattr(paths, "write", writing)
    before = sorted(path.name for path in (home / "jobs").iterdir())
    with pytest.raises(paths.InsufficientSpace):
        make_item(shade=77)
    assert sorted(path.name for path in (home / "jobs").iterdir()) == before


def test_engine_lists_items_added_by_commands(home, make_item):
    ledger = Ledger(home / "jobs")
    ledger.load()
    assert ledger.list_newest("local", 20) == []
    ids = [make_item(shade=shade) for shade in (1, 2)]
    assert [record.id for record in ledger.list_newest("local", 20)] == ids[::-1]
    job = ledger.take_snapshot(ledger.find(ids[0], "local"))
    assert (job.state, job.result.figures) == ("done", {"loss": 0.5})
    assert job.preview


def test_job_without_a_result_is_no_item(home, make_item):
    id = make_item()
    job_folder = store.Folder(home / "jobs" / id)
    job_folder.write(Outcome, Outcome(error="It went wrong."))
    assert items.read(job_folder.path) is None
    (job_folder.path / "outcome.json").unlink()
    assert items.read(job_folder.path) is None


@pytest.mark.parametrize("change", [{"files": []}, {"files": [{"digest": 1}]}, {"recipe": {"task": 3}}, {}])
def test_invalid_outcome_is_no_item(home, make_item, change):
    id = make_item()
    path = home / "jobs" / id / "outcome.json"
    outcome = json.loads(path.read_bytes())
    outcome["result"] = outcome["result"] | change if change else 7
    path.write_text(json.dumps(outcome))
    assert items.read(path.parent) is None


def test_file_stored_again_counts_as_new(home):
    import os

    digest = paths.store(b"a photo")
    os.utime(home / "files" / digest, (1, 1))
    assert paths.store(b"a photo") == digest
    assert (home / "files" / digest).stat().st_mtime > 1
    assert tasks.File.store(b"a photo", "image", "a.png").digest == digest
