"""Files and models are private to their owners in a studio for many users."""

from __future__ import annotations

import json
import threading

import pytest
import tiny_language_model

from studio.core import owners, paths, recipes, tasks
from studio.core.errors import InvalidInput, StudioError, Unavailable
from studio.core.models import model_zip, presets
from studio.core.tasks import File
from studio.text import language_model
from studio.text.settings import WriteSettings
from studio.tune.settings import TuneSettings

ANN, BOB = "visitor-ann", "user-bob"


def store_model(owner: str, tmp_path, name: str, seed: int = 0) -> presets.Preset:
    """Stores a language model for an owner."""
    packed = model_zip.pack(tiny_language_model.make(tmp_path / f"{owner}-{name}", seed))
    with owners.acting_as(owner):
        return presets.unpack(packed, name)


def test_the_local_owner_has_access_to_all_files(home):
    with owners.acting_as(ANN):
        file = File.store(b"hers", "text", "a.txt")
    assert owners.get_current() == owners.LOCAL
    assert file.is_available and file.read() == b"hers"


def test_a_digest_alone_gives_no_access_to_a_file(home):
    with owners.acting_as(ANN):
        hers = File.store(b"hers", "text", "a.txt")
        assert hers.read() == b"hers"
    missing = File("0" * 64, "text", "a.txt")
    for other_owner in (BOB, owners.NOBODY, "../visitor-ann", "visitor-ann/"):
        with owners.acting_as(other_owner):
            assert not hers.is_available
            for file in (hers, missing):  # the message does not reveal whether the file exists
                with pytest.raises(Unavailable, match=r"is no longer in the studio\. "):
                    file.read()


def test_nobody_owns_no_files_and_leaves_no_owner_entry(home):
    with owners.acting_as(owners.NOBODY):
        file = File.store(b"by a thread without a visitor", "text", "a.txt")
        assert not file.is_available
    assert not paths.ensure_folder("owners").is_dir() or not [*paths.ensure_folder("owners").iterdir()]


def test_owners_who_upload_the_same_bytes_share_them(home):
    for owner in (ANN, BOB):
        with owners.acting_as(owner):
            assert File.store(b"the same photo", "image", "a.png").read() == b"the same photo"


def test_a_task_refuses_inputs_of_another_owner(home, tmp_path):
    packed = model_zip.pack(tiny_language_model.make(tmp_path / "language_model"))
    with owners.acting_as(ANN):
        hers = File.store(packed, "model", "language_model.zip")
        tasks.check("text.write", WriteSettings(), {"model": [hers]})
        assert presets.from_zip(hers).task == "text.train"  # now it is unpacked
    with owners.acting_as(BOB):
        with pytest.raises(Unavailable):
            tasks.check("text.write", WriteSettings(), {"model": [hers]})
        with pytest.raises(Unavailable):
            presets.from_zip(hers)


def test_a_model_is_invisible_to_other_owners(home, tmp_path):
    store_model(ANN, tmp_path, "grandmas-language_model")
    assert not [*paths.ensure_folder("presets").iterdir()]
    with owners.acting_as(ANN):
        assert language_model.load("grandmas-language_model").name == "grandmas-language_model"
    for other_owner in (BOB, owners.NOBODY, owners.LOCAL):
        with owners.acting_as(other_owner):
            assert "grandmas-language_model" not in presets.list_names()
            with pytest.raises(InvalidInput):
                tasks.check("text.write", WriteSettings(preset="grandmas-language_model"), {})


def test_a_misspelled_name_lists_only_the_owners_models(home, tmp_path):
    store_model(ANN, tmp_path, "grandmas-language_model")
    store_model(BOB, tmp_path, "uncles-language_model")
    with owners.acting_as(BOB), pytest.raises(InvalidInput) as error:
        presets.find("grandmas-language_models")
    assert "uncles-language_model" in str(error.value) and "shakespeare" in str(error.value)
    assert "grandmas-language_model," not in str(error.value) and "Did you mean grandma" not in str(
        error.value
    )


def test_two_visitors_may_use_one_name(home, tmp_path):
    by_owner = {owner: store_model(owner, tmp_path, "mine", seed) for seed, owner in enumerate((ANN, BOB))}
    assert by_owner[ANN].digest != by_owner[BOB].digest
    for owner, preset in by_owner.items():
        with owners.acting_as(owner):
            assert presets.find("mine").digest == language_model.load("mine").digest == preset.digest


def test_local_models_are_shared_and_own_models_come_first(home, tmp_path):
    common = store_model(owners.LOCAL, tmp_path, "mine", 7)
    with owners.acting_as(BOB):
        assert presets.find("mine").digest == common.digest
    own = store_model(BOB, tmp_path, "mine", 8)
    with owners.acting_as(BOB):
        assert presets.find("mine").digest == own.digest
    assert presets.find("mine").digest == common.digest


@pytest.mark.parametrize("owner", [owners.LOCAL, ANN])
def test_a_setting_is_never_a_path(home, tmp_path, monkeypatch, owner):
    there = tiny_language_model.make(tmp_path / "1234567")
    monkeypatch.chdir(tmp_path)
    messages = set()
    with owners.acting_as(owner):
        for path in (str(there), "./1234567", str(tmp_path / "7654321"), "/usr", "../1234567"):
            with pytest.raises(InvalidInput) as error:
                tasks.check("text.write", WriteSettings(preset=path), {})
            messages.add(str(error.value).replace(path, "PATH"))
    assert len(messages) == 1, "existing and missing paths have the same message"
    assert presets.find(there).name == "1234567", "a program names a folder by a Path"


def test_a_thread_without_a_visitor_owns_nothing(home, monkeypatch):
    monkeypatch.setattr(owners, "_default_owner", [lambda: owners.NOBODY])
    with owners.acting_as(ANN):
        hers = File.store(b"hers", "text", "a.txt")
    values = []
    thread = threading.Thread(target=lambda: values.append(hers.is_available))
    thread.start()
    thread.join()
    assert values == [False]


LOCAL_SETTINGS = {"storage": "sqlite:////tmp/written-by-a-visitor.db", "name": "hers", "jobs": 200}


def test_a_recipe_has_no_local_only_settings():
    settings = {"train": "text", "vary": ["units=8:16"], **LOCAL_SETTINGS}
    inner = {"version": 1, "task": "tune.run", "settings": settings}
    outer = {"version": 1, "task": "text.write", "settings": {"preset": "alice"}}
    outer["inputs"] = {"model": [{"digest": "0" * 64, "name": "best.zip", "recipe": inner}]}
    for read in (recipes.read(json.dumps(inner).encode()), recipes.Recipe(**inner)):
        assert read.settings == {"train": "text", "vary": ["units=8:16"]}
        assert read.parse_settings() == TuneSettings(train="text", vary=("units=8:16",))
        assert not LOCAL_SETTINGS.keys() & json.loads(read.to_json())["settings"].keys()
    chain = recipes.read(json.dumps(outer).encode())
    assert not LOCAL_SETTINGS.keys() & chain.inputs["model"][0].recipe.settings.keys()
    recipe = recipes.make("tune.run", TuneSettings(**settings), {})
    assert not LOCAL_SETTINGS.keys() & recipe.settings.keys()


@pytest.mark.parametrize("name", LOCAL_SETTINGS)
def test_a_visitor_cannot_set_local_only_settings(home, name):
    text = b"the sea, the sea, and so it is. " * 40
    settings = TuneSettings(train="text", vary=("units=8:16",), **{name: LOCAL_SETTINGS[name]})
    tasks.check("tune.run", settings, {"text": [File.store(text, "text", "sea.txt")]})
    with owners.acting_as(ANN), pytest.raises(StudioError, match=f"`{name}`"):
        tasks.check("tune.run", settings, {"text": [File.store(text, "text", "sea.txt")]})


def test_searches_of_the_same_name_are_separate_for_each_visitor(home):
    from studio.tune import study

    def list_searches(owner):
        with owners.acting_as(owner), study.open_study(TuneSettings(train="text.train"), {}, {}, {}):
            return {log.name for log in paths.ensure_folder("searches").glob("*.log")}

    assert len(list_searches(ANN)) == 1
    assert len(list_searches(BOB)) == 2 and len(list_searches(owners.LOCAL)) == 3
