"""Ownership is checked when work is submitted and when it runs, not by pages."""

from __future__ import annotations

import shutil

import pytest
import tiny_language_model

from studio.classify.settings import ExportSettings
from studio.core import owners, tasks
from studio.core.errors import InvalidInput, Unavailable
from studio.core.models import model_zip, presets
from studio.core.tasks import File
from studio.engine.jobs.records import Request
from studio.text.settings import WriteSettings

ANN, BOB = "visitor-ann", "visitor-bob"


@pytest.fixture
def ann_model(engine, tmp_path):
    """The name of a language model that Ann has stored."""
    packed = model_zip.pack(tiny_language_model.make(tmp_path / "language_model"))
    with owners.acting_as(ANN):
        presets.unpack(packed, "grandmas-language_model")
    yield "grandmas-language_model"
    shutil.rmtree(owners.folder(ANN))


@pytest.mark.slow
def test_model_of_another_visitor_is_rejected(engine, ann_model, until):
    settings = WriteSettings(preset=ann_model, chars=5)
    for ask in (
        lambda: engine.submit("text.write", settings, {}, BOB),
        lambda: engine.run_live("text.write", settings, {}, "tab", BOB),
        lambda: engine.start_stream("text.write", settings, {}, "tab", BOB),
        lambda: engine.submit("classify.export", ExportSettings(preset=ann_model), {}, BOB),
    ):
        with pytest.raises(InvalidInput) as error:
            ask()
        assert "grandmas-voice," not in str(error.value)
    job = engine.submit("text.write", settings, {}, ANN)
    until(lambda: engine.find_job(job.id, ANN).finished)
    assert engine.find_job(job.id, ANN).state == "done"
    assert engine.run_live("text.write", settings, {}, "tab", ANN).data


@pytest.mark.slow
def test_worker_checks_the_owner_too(engine, ann_model, until):
    """Bypasses the checks at submission, as a faulty page or request could."""
    settings = WriteSettings(preset=ann_model, chars=5)
    with engine._lock:
        record = engine._ledger.add(Request.of(tasks.get("text.write"), settings, {}, BOB))
        engine._runner.dispatch()
    until(lambda: engine.find_job(record.id, BOB).finished)
    job = engine.find_job(record.id, BOB)
    assert job.state == "failed" and "Invalid preset" in job.error and "grandmas-voice," not in job.error


def test_file_of_another_visitor_is_rejected(engine, chores, until):
    with owners.acting_as(ANN):
        photo = File.store(b"a photo of hers", "image", "ann.png")
    for ask in (engine.submit, lambda *args: engine.run_live(*args[:3], "tab", args[3])):
        with pytest.raises(Unavailable, match="no longer in the studio"):
            ask("chores.do", chores.ChoreSettings(), {"image": [photo]}, BOB)
    job = engine.submit("chores.do", chores.ChoreSettings(), {"image": [photo]}, ANN)
    until(lambda: engine.find_job(job.id, ANN).finished)
    [file] = engine.find_job(job.id, ANN).result.files
    with owners.acting_as(ANN):
        assert file.read(), "what was made for her is hers"
    with owners.acting_as(BOB):
        assert not file.is_available


def test_stored_live_result_belongs_to_its_visitor(engine, chores):
    live = engine.run_live("chores.do", chores.ChoreSettings(shade=77), {}, "tab", ANN)
    [file] = engine.store_live(live, ANN).result.files
    with owners.acting_as(ANN):
        assert file.read() == live.data
    with owners.acting_as(BOB):
        assert not file.is_available
