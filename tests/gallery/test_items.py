"""Items are folders: whole or not there, their owner's alone, and what the engine shows too."""

from __future__ import annotations

import json

import pytest

from studio.core import paths, tasks
from studio.core.errors import Unavailable
from studio.core.imaging import image_io
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.parts import Outcome
from studio.gallery import items


def test_an_item_has_all_that_was_asked_and_made(home, made):
    item = items.find(made(shade=40, tint="red", name="cat.png"))
    assert [path.name for path in (home / "jobs").iterdir()] == [item.id]
    assert (item.task, item.title, item.kind, item.seconds) == ("fake.paint", "Paint", "image", 2.0)
    assert item.settings["tint"] == "red"
    assert [file.name for file in item.inputs["content"]] == ["cat.png"]
    assert item.result.figures == {"loss": 0.5}
    assert item.result.recipe.task == "fake.paint"
    assert image_io.read(item.thumbnail()).shape == (48, 64, 3)
    assert abs(int(image_io.read(item.thumbnail()).mean()) - 40) < 4


@pytest.mark.parametrize("id", ["", "..", "../jobs", "nothing", "a/b", "\0"])
def test_what_is_no_item_is_told(home, made, id):
    made()
    with pytest.raises(Unavailable, match="no such item"):
        items.find(id)


def test_an_item_is_its_owners_alone(made):
    id = made(owner="ann")
    assert items.find(id, "ann").owner == "ann"
    with pytest.raises(Unavailable):
        items.find(id)


def test_a_thumbnail_that_is_missing_is_made_and_kept(made):
    item = items.find(made())
    before = item.thumbnail()
    (item.folder / "thumbnail.webp").unlink()
    assert item.thumbnail() == before
    assert (item.folder / "thumbnail.webp").read_bytes() == before


def test_an_item_whose_file_is_gone_still_has_a_thumbnail(made):
    item = items.find(made())
    (item.folder / "thumbnail.webp").unlink()
    item.result.files[0].path.unlink()
    assert image_io.read(item.thumbnail()).shape[2] == 3


@pytest.mark.parametrize("fail", range(4))
def test_an_item_is_whole_or_not_there(home, made, monkeypatch, fail):
    made()
    writes = iter(range(100))
    write = paths.write

    def writing(path, data):
        if path.parent.name.startswith(".new-") and next(writes) >= fail:
            raise paths.NoRoom("full")
        return write(path, data)

    monkeypatch.setattr(paths, "write", writing)
    before = sorted(path.name for path in (home / "jobs").iterdir())
    with pytest.raises(paths.NoRoom):
        made(shade=77)
    assert sorted(path.name for path in (home / "jobs").iterdir()) == before


def test_the_engine_shows_what_a_command_made_while_it_ran(home, made):
    ledger = Ledger(home / "jobs")
    ledger.load()
    assert ledger.newest("local", 20) == []
    ids = [made(shade=shade) for shade in (1, 2)]
    assert [record.id for record in ledger.newest("local", 20)] == ids[::-1]
    job = ledger.copy(ledger.find(ids[0], "local"))
    assert (job.state, job.result.figures) == ("done", {"loss": 0.5})
    assert job.preview


def test_a_job_without_a_result_is_no_item(home, made):
    id = made()
    kept = store.Folder(home / "jobs" / id)
    kept.write(Outcome, Outcome(error="It went wrong."))
    assert items.read(kept.path) is None
    (kept.path / "outcome.json").unlink()
    assert items.read(kept.path) is None


@pytest.mark.parametrize("change", [{"files": []}, {"files": [{"digest": 1}]}, {"recipe": {"task": 3}}, {}])
def test_what_another_hand_wrote_harms_nothing(home, made, change):
    id = made()
    path = home / "jobs" / id / "outcome.json"
    outcome = json.loads(path.read_bytes())
    outcome["result"] = outcome["result"] | change if change else 7
    path.write_text(json.dumps(outcome))
    assert items.read(path.parent) is None


def test_files_that_are_put_in_again_count_as_new(home):
    import os

    digest = paths.keep(b"a photo")
    os.utime(home / "files" / digest, (1, 1))
    assert paths.keep(b"a photo") == digest
    assert (home / "files" / digest).stat().st_mtime > 1
    assert tasks.File.keep(b"a photo", "image", "a.png").digest == digest
