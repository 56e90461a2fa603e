"""Whose a file or a model is, is decided where work is submitted and where it is run, not by a page."""

from __future__ import annotations

import json
import shutil

import pytest
import tiny_voice

from studio.classify.settings import ExportSettings
from studio.core import owners, paths, recipes, tasks
from studio.core.errors import InvalidInput, Unavailable
from studio.core.models import model_zip, presets
from studio.core.tasks import File
from studio.engine.jobs import migrate, store
from studio.gallery import items
from studio.style.settings import TransferSettings
from studio.text.settings import WriteSettings

ANN, BOB = "visitor-ann", "visitor-bob"


@pytest.fixture
def hers(engine, tmp_path):
    """The name of a voice that Ann has kept."""
    packed = model_zip.zipped(tiny_voice.make(tmp_path / "voice"))
    with owners.asking(ANN):
        presets.unpack(packed, "grandmas-voice")
    yield "grandmas-voice"
    shutil.rmtree(owners.folder(ANN))


@pytest.mark.slow
def test_a_model_of_another_visitor_is_not_there(engine, hers, until):
    settings = WriteSettings(preset=hers, chars=5)
    for ask in (
        lambda: engine.submit("text.write", settings, {}, BOB),
        lambda: engine.live("text.write", settings, {}, "tab", BOB),
        lambda: engine.stream("text.write", settings, {}, "tab", BOB),
        lambda: engine.submit("classify.export", ExportSettings(preset=hers), {}, BOB),
    ):
        with pytest.raises(InvalidInput) as told:
            ask()
        assert "grandmas-voice," not in str(told.value)
    job = engine.submit("text.write", settings, {}, ANN)
    until(lambda: engine.job(job.id, ANN).finished)
    assert engine.job(job.id, ANN).state == "done"
    assert engine.live("text.write", settings, {}, "tab", ANN).data


@pytest.mark.slow
def test_the_process_that_works_decides_too(engine, hers, until):
    """As if a page, or a request that nobody thought of, had come past what is checked before."""
    settings = WriteSettings(preset=hers, chars=5)
    with engine._lock:
        record = engine._ledger.add(tasks.get("text.write"), settings, {}, BOB)
        engine._runner.dispatch()
    until(lambda: engine.job(record.id, BOB).finished)
    job = engine.job(record.id, BOB)
    assert job.state == "failed" and "Invalid preset" in job.error and "grandmas-voice," not in job.error


def test_a_file_of_another_visitor_is_not_there(engine, chores, until):
    with owners.asking(ANN):
        photo = File.keep(b"a photo of hers", "picture", "ann.png")
    for ask in (engine.submit, lambda *asked: engine.live(*asked[:3], "tab", asked[3])):
        with pytest.raises(Unavailable, match="no longer in the studio"):
            ask("chores.do", chores.ChoreSettings(), {"picture": [photo]}, BOB)
    job = engine.submit("chores.do", chores.ChoreSettings(), {"picture": [photo]}, ANN)
    until(lambda: engine.job(job.id, ANN).finished)
    [made] = engine.job(job.id, ANN).result.files
    with owners.asking(ANN):
        assert made.read(), "what was made for her is hers"
    with owners.asking(BOB):
        assert not made.here


def test_a_live_result_that_is_kept_is_its_visitors(engine, chores):
    live = engine.live("chores.do", chores.ChoreSettings(shade=77), {}, "tab", ANN)
    [made] = engine.keep(live, ANN).result.files
    with owners.asking(ANN):
        assert made.read() == live.data
    with owners.asking(BOB):
        assert not made.here


def test_what_an_earlier_studio_kept_stays_its_visitors(home, tmp_path):
    """It noted whose a model is in owners/NAME, and files were whose items named them."""
    packed = model_zip.zipped(tiny_voice.make(tmp_path / "voice"))
    presets.unpack(packed, "rhymes"), presets.unpack(packed, "for-all")
    (paths.folder("owners") / "rhymes").write_text(ANN)
    files = {name: File.keep(name.encode(), "picture", f"{name}.png") for name in ("photo", "made")}
    job = store.Folder(paths.folder("jobs") / "abc")
    asked = store.asked_of(tasks.get("style.transfer"), {}, {"content": [files["photo"]]}, ANN)
    job.write("job", asked)
    job.write("outcome", {"result": store.pack_result(tasks.Result((files["made"],)))})
    forged = recipes.make("style.transfer", TransferSettings(), {"content": [files["photo"]]})
    mine = File.keep(b"a picture of BOB's", "picture", "bob.png")
    items.add(tasks.Result((mine,), recipe=forged), None, BOB)
    gone = File.keep(b"in the bin", "picture", "gone.png")
    binned = store.Folder(paths.folder("removed") / "abd")
    binned.write("job", store.asked_of(tasks.get("style.transfer"), {}, {}, ANN))
    binned.write("outcome", {"result": store.pack_result(tasks.Result((gone,)))})
    (paths.folder("jobs") / "odd").mkdir()
    (paths.folder("jobs") / "odd" / "job.json").write_text(json.dumps({"owner": ANN, "inputs": 5}))
    searches = paths.folder("searches")
    for name, owner in (("a" * 16, ANN), ("b" * 16, owners.LOCAL), ("c" * 16, 5)):
        (searches / f"eye-{name}.json").write_text(json.dumps({"owner": owner}))
    migrate.mend(home)
    assert sorted(path.name[4] for path in searches.iterdir()) == ["b", "c"]
    assert [path.name[4] for path in (owners.folder(ANN) / "searches").iterdir()] == ["a"]
    with owners.asking(ANN):
        assert presets.own() == ["for-all", "rhymes"]
        assert all(file.here for file in (*files.values(), gone))
    with owners.asking(BOB):
        assert presets.own() == ["for-all"]
        assert mine.here
        assert not any(file.here for file in files.values()), "a recipe with their digests gives nobody files"
