"""Model folders are saved atomically, found by name or path, and rejected if incomplete."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import paint  # adds the task `paint.invert`
import pytest
import saved_models

from studio.core import recipes, tasks
from studio.core.errors import InsufficientSpace, InvalidInput
from studio.core.models import model_folder, model_zip, presets
from studio.core.weights import index

NAME = next(name for name, path in tasks.TASKS.items() if path.startswith("paint:"))


class Model:
    """Saves one array as a Keras model would."""

    def __init__(self, values):
        self.values = np.asarray(values, "float32")

    def save_weights(self, path):
        assert path.name.endswith(".weights.h5")
        path.write_bytes(self.values.tobytes())


def save_preset(target, values=(1, 2), **settings):
    parsed = paint.PaintSettings(**settings)
    recipe = recipes.make(NAME, parsed, {}, {})
    return saved_models.save(target, Model(values), NAME, parsed, "# Tiny\nlicense: MIT\n", recipe)


def test_a_saved_model_is_found_by_name(home):
    save_preset("tiny", steps=7)
    preset = presets.find("tiny")
    assert preset.read_settings() == paint.PaintSettings(steps=7)
    assert np.frombuffer(preset.check_weights().read_bytes(), "<f4").tolist() == [1, 2]
    assert preset.read_card().startswith("# Tiny")
    assert preset.read_recipe().task == NAME
    assert presets.list_names() == [*index.load().presets, "tiny"]
    assert sorted(p.name for p in preset.folder.iterdir()) == sorted(
        [model_folder.WEIGHTS, model_folder.SETTINGS, model_folder.CARD, model_folder.RECIPE]
    )


def test_a_model_can_be_saved_to_any_folder(home, tmp_path):
    save_preset(tmp_path / "runs" / "first")
    assert presets.find(tmp_path / "runs" / "first").name == "first"
    assert presets.list_names() == [*index.load().presets]


def test_saving_again_replaces_the_model(home):
    save_preset("tiny", (1, 2))
    first = presets.find("tiny").digest
    save_preset("tiny", (3, 4))
    preset = presets.find("tiny")
    assert preset.digest != first
    assert np.frombuffer(preset.check_weights().read_bytes(), "<f4").tolist() == [3, 4]
    assert [p.name for p in (home / "presets").iterdir() if p.is_dir()] == ["tiny"]


def test_a_failed_save_leaves_the_old_model(home, monkeypatch):
    save_preset("tiny", (1, 2))

    def fail_halfway(self, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Model, "save_weights", fail_halfway)
    with pytest.raises(InsufficientSpace, match="full"):
        save_preset("tiny", (3, 4))
    assert np.frombuffer(presets.find("tiny").check_weights().read_bytes(), "<f4").tolist() == [1, 2]


def test_user_files_in_a_model_folder_survive_retraining(home, tmp_path):
    save_preset(tmp_path / "run", (1, 2))
    (tmp_path / "run" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "samples").mkdir()
    (tmp_path / "run" / "samples" / "a.png").write_bytes(b"mine too")
    preset = save_preset(tmp_path / "run", (3, 4))
    assert np.frombuffer(preset.check_weights().read_bytes(), "<f4").tolist() == [3, 4]
    assert (preset.folder / "notes.txt").read_text() == "mine"
    assert (preset.folder / "samples" / "a.png").read_bytes() == b"mine too"
    assert [p.name for p in tmp_path.iterdir() if p.is_dir() and p.name.startswith(".")] == []


@pytest.mark.parametrize(
    "access", [presets.list_own_names, lambda: presets.find("tiny"), lambda: save_preset("other")]
)
def test_a_save_killed_halfway_leaves_the_old_model(home, access):
    code = (
        "import os, pathlib; pathlib.Path.rename = {0}; "
        "from test_presets import save_preset; save_preset('tiny', (3, 4))"
    )
    swapped = "lambda old, new, rename=pathlib.Path.rename: (rename(old, new), os._exit(9))"
    save_preset("tiny", (1, 2))
    folder = str(Path(__file__).parent)
    process = subprocess.run(
        [sys.executable, "-c", code.format(swapped)], cwd=folder, env=_add_test_paths(folder)
    )
    assert process.returncode == 9
    assert not (home / "presets" / "tiny").exists()
    access()
    assert np.frombuffer(presets.find("tiny").check_weights().read_bytes(), "<f4").tolist() == [1, 2]
    assert "tiny" in presets.list_own_names()


def _add_test_paths(folder):
    return os.environ | {"PYTHONPATH": os.pathsep.join([folder, str(Path(folder).parent), *sys.path])}


def test_large_model_data_is_accepted(home, tmp_path):
    recipe, settings = recipes.make(NAME, paint.PaintSettings(), {}, {}), paint.PaintSettings()
    data = {"confusion": [[0] * 800] * 800}
    packed = presets.pack(Model([1.0]), NAME, settings, "# Wide\n", recipe, data)
    assert presets.unpack(packed, "wide").read_data() == data


def test_packing_writes_nothing_outside_studio_home(home, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/dev/null")  # not writable
    recipe = recipes.make(NAME, paint.PaintSettings(), {}, {})
    packed = presets.pack(Model([1.0]), NAME, paint.PaintSettings(), "# Tiny\n", recipe)
    assert presets.unpack(packed, "tiny").check_weights().is_file()
    assert not list((home / "cache").iterdir()), "temporary files were removed"


def test_saving_leaves_no_lock_file_next_to_a_model(home, tmp_path):
    save_preset(tmp_path / "mine")
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "home"}


def test_a_folder_resembling_a_killed_save_is_not_removed(home, tmp_path):
    mine = tmp_path / ".new-mine"
    mine.mkdir()
    (mine / "photo.png").write_bytes(b"of a person")
    with pytest.raises(InvalidInput, match=r": \.new-mine with photo\.png in it"):
        save_preset(tmp_path / "mine")
    assert (mine / "photo.png").read_bytes() == b"of a person"
    (mine / "photo.png").rename(mine / model_folder.CARD)
    save_preset(tmp_path / "mine")
    assert not mine.exists()


@pytest.mark.parametrize("name", [".new-mine", ".old-mine"])
def test_links_next_to_a_model_are_never_followed(home, tmp_path, name):
    save_preset(tmp_path / "mine", (1, 2))
    target = save_preset(tmp_path / "other", (3, 4)).folder
    if name == ".old-mine":
        (target / "photo.png").write_bytes(b"mine")
    contents = {path.name: path.read_bytes() for path in target.iterdir()}
    (tmp_path / name).symlink_to(target)
    with pytest.raises(InvalidInput, match=rf"Use no link {name} next to it.* Remove that link"):
        save_preset(tmp_path / "mine", (5, 6))
    assert {path.name: path.read_bytes() for path in target.iterdir()} == contents
    (tmp_path / name).unlink()
    save_preset(tmp_path / "mine", (5, 6))


def test_a_link_is_not_restored_as_an_old_model(home, tmp_path):
    (tmp_path / ".old-mine").symlink_to(save_preset(tmp_path / "other").folder)
    model_folder.restore_interrupted(tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_control_characters_of_folder_names_are_escaped_in_errors(home, tmp_path):
    folder = tmp_path / "mine\n\x1b[31m"
    save_preset(folder)
    (folder / "settings.json").write_text("{}")
    with pytest.raises(InvalidInput) as error:
        presets.find(folder)
    assert str(error.value).isprintable()


def test_saving_through_a_link_keeps_the_link(home, tmp_path):
    save_preset(tmp_path / "first", (1, 2))
    (tmp_path / "latest").symlink_to("first")
    for value in (3, 4):
        save_preset(tmp_path / "latest", (value,))
        preset = presets.find(tmp_path / "first")
        assert np.frombuffer(preset.check_weights().read_bytes(), "<f4").tolist() == [value]
    assert (tmp_path / "latest").is_symlink()


def test_shipped_models_come_first_and_must_match_their_sha256(home, tmp_path, monkeypatch):
    preset = save_preset(tmp_path / "pretrained" / "tiny")
    save_preset("tiny", (9, 9))
    monkeypatch.setattr(presets.paths, "shipped_path", lambda name: tmp_path / name)

    def ship(digest):
        entry = index.ShippedModel(
            task=NAME,
            folder="tiny",
            sha256=digest,
            license="MIT",
            trained_on="nothing",
            command="",
            figures={},
        )
        monkeypatch.setattr(index, "load", lambda: index.Index(weights={}, presets={"tiny": entry}))

    ship(preset.digest)
    assert presets.find("tiny").folder == tmp_path / "pretrained" / "tiny"
    assert presets.list_names() == ["tiny"]
    ship("0" * 64)
    with pytest.raises(InvalidInput, match="000000000000"):
        presets.find("tiny")


@pytest.mark.parametrize("name", ["Élise", "日本語", "Grandma's language model", "голос 2"])
def test_model_names_work_in_any_script_and_ignore_case(home, name):
    preset = save_preset(name)
    assert preset.folder == home / "presets" / name and presets.list_own_names() == [name]
    for typed in (name, name.upper(), name.lower(), unicodedata.normalize("NFC", name.title())):
        assert presets.find(typed) == preset, "names ignore case"
    assert save_preset(name.upper(), (3, 4)).folder == preset.folder and presets.list_own_names() == [name]
    recipe = recipes.make(NAME, paint.PaintSettings(), {}, {preset.name: preset.digest})
    assert recipes.read(recipe.to_json().encode()).weights == {name: preset.digest}


@pytest.mark.parametrize("name", ["nobody", "../tiny", "", "/nowhere", "a\0b", "x" * 5000])
def test_unknown_names_are_refused(home, name):
    save_preset("tiny")
    with pytest.raises(InvalidInput, match="tiny"):
        presets.find(name)


def _read_all(name):
    preset = presets.find(name)
    preset.check_weights(), preset.read_recipe(), preset.read_card()


@pytest.mark.parametrize(
    "file, data",
    [
        (model_folder.SETTINGS, None),
        (model_folder.SETTINGS, b"{"),
        (model_folder.SETTINGS, b"[]"),
        (model_folder.SETTINGS, b'{"task":"x","settings":{},"weights":"short"}'),
        (model_folder.SETTINGS, b" " * (2 << 20)),
        (model_folder.WEIGHTS, None),
        (model_folder.WEIGHTS, b"other"),
        (model_folder.RECIPE, b"{}"),
        (model_folder.CARD, None),
    ],
)
def test_an_incomplete_folder_is_refused(home, file, data):
    path = save_preset("tiny").folder / file
    path.unlink() if data is None else path.write_bytes(data)
    with pytest.raises(InvalidInput):
        _read_all("tiny")


@pytest.mark.parametrize(
    "data",
    [
        {"figures": [1]},
        {"figures": {"fid": "low"}},
        {"figures": {"n": 2.5}},
        {"figures": {"nats_per_char": None}},
        {"figures": {"kl": [1, "x"]}},
        {"figures": {"curve": {"steps": 3}}},
        {"figures": {"distances": []}},
        {"evaluation": {"accuracy": "high"}},
        {"directions": {"smile": [1]}},
        {"classes": [1]},
    ],
)
def test_malformed_model_data_is_refused(home, data):
    """One malformed folder must not break pages that list all models."""
    folder = save_preset("tiny").folder
    settings = json.loads((folder / model_folder.SETTINGS).read_text())
    (folder / model_folder.SETTINGS).write_text(json.dumps(settings | {"data": data}))
    with pytest.raises(InvalidInput, match=r"settings\.json as the studio writes it"):
        presets.find("tiny")


def test_a_model_with_a_non_finite_metric_is_kept(home):
    curve = {"steps": [1, 2], "held out": [math.inf, 250.0]}
    preset = presets.unpack(pack_model(data={"figures": {"curve": curve}}), "tiny")
    assert preset.read_data()["figures"]["curve"]["held out"] == [None, 250.0]


def test_invalid_settings_are_refused(home):
    path = save_preset("tiny").folder / model_folder.SETTINGS
    record = json.loads(path.read_bytes())
    path.write_text(json.dumps(record | {"settings": {"steps": 10**9}}))
    with pytest.raises(InvalidInput, match="steps"):
        presets.find("tiny").read_settings()


def pack_model(values=(1, 2), data=None):
    settings = paint.PaintSettings(steps=7)
    recipe = recipes.make(NAME, settings, {}, {})
    return presets.pack(Model(values), NAME, settings, "# Tiny\n", recipe, data)


def test_model_data_is_saved_with_the_model(home):
    settings = paint.PaintSettings()
    recipe = recipes.make(NAME, settings, {}, {})
    saved_models.save("tiny", Model((1,)), NAME, settings, "# Tiny\n", recipe, {"classes": ["cat", "Hündin"]})
    assert presets.find("tiny").read_data() == {"classes": ["cat", "Hündin"]}
    assert save_preset("other").read_data() == {}


def test_a_packed_model_is_unpacked_unchanged(home, tmp_path):
    data = pack_model(data={"letters": "ab"})
    assert data == pack_model(data={"letters": "ab"})
    preset = presets.unpack(data, "tiny")
    assert preset == presets.find("tiny") and preset.read_settings().steps == 7
    assert preset.read_data() == {"letters": "ab"}
    assert np.frombuffer(preset.check_weights().read_bytes(), "<f4").tolist() == [1, 2]
    assert model_zip.pack(presets.unpack(data, tmp_path / "there").folder) == data


def test_stages_and_image_of_a_model_are_optional(home):
    settings = paint.PaintSettings(steps=7)
    recipe = recipes.make(NAME, settings, {}, {})
    data = {"stages": {"steps": [1, 2], "discriminator": [0.5, math.inf]}}
    packed = presets.pack(Model((1,)), NAME, settings, "# Tiny\n", recipe, data, b"image", b"grids")
    preset = presets.unpack(packed, "tiny")
    assert (saved_models.read_image(preset), preset.read_stages()) == (b"image", b"grids")
    assert preset.read_data()["stages"] == {"steps": [1, 2], "discriminator": [0.5, None]}
    bare = presets.unpack(pack_model(), "tiny")  # replaces the first one
    assert bare.read_stages() is None and not (bare.folder / model_folder.IMAGE).exists()
    body = io.BytesIO(packed)
    with zipfile.ZipFile(body, "a") as archive:
        archive.writestr(zipfile.ZipInfo("other.webp"), b"grids")
    with pytest.raises(InvalidInput, match="other files in it"):
        presets.unpack(body.getvalue(), "tiny")


def test_a_partially_deleted_model_is_unpacked_again(home):
    file = tasks.File.store(pack_model(), "model", "tiny.zip")
    preset = presets.from_zip(file)
    preset.check_weights().unlink()
    assert np.frombuffer(presets.from_zip(file).check_weights().read_bytes(), "<f4").tolist() == [1, 2]


def test_a_zip_member_reaching_beyond_the_end_is_refused(home):
    data = bytearray(pack_model())
    last = data.rindex(b"PK\1\2")
    for at in (last + 20, last + 24):  # both sizes in the zip
        data[at : at + 4] = (int.from_bytes(data[at : at + 4], "little") + 100_000).to_bytes(4, "little")
    with pytest.raises(InvalidInput, match="damaged"):
        presets.unpack(bytes(data), "tiny")


def rezip(change):
    """Returns a packed model with changed members: `change({name: bytes}) -> [(name, bytes)]`."""
    with zipfile.ZipFile(io.BytesIO(pack_model())) as file:
        members = {name: file.read(name) for name in file.namelist()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, body in change(members):
            file.writestr(zipfile.ZipInfo(name), body)
    return out.getvalue()


def compress_model():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(pack_model())) as file,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in file.namelist():
            new.writestr(name, file.read(name))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        lambda: b"",
        lambda: b"PK\x03\x04",
        lambda: pack_model()[:-40],
        lambda: pack_model().replace(b"# Tiny", b"# Tony"),
        compress_model,
        lambda: rezip(lambda m: [*m.items(), ("../outside", b"x")]),
        lambda: rezip(lambda m: [*m.items(), (model_folder.CARD, b"again")]),
        lambda: rezip(lambda m: [(f"model/{name}", body) for name, body in m.items()]),
        lambda: rezip(lambda m: list(m.items())[:3]),
        lambda: rezip(lambda m: list((m | {model_folder.WEIGHTS: b"other"}).items())),
        lambda: rezip(lambda m: list((m | {model_folder.SETTINGS: b"{}"}).items())),
        lambda: rezip(lambda m: list((m | {model_folder.RECIPE: b"{}"}).items())),
        lambda: rezip(lambda m: list((m | {model_folder.CARD: b"x" * (2 << 20)}).items())),
    ],
)
def test_an_invalid_zip_is_refused_and_the_old_model_stays(home, data):
    save_preset("tiny", (5, 6))
    with pytest.raises(InvalidInput):
        presets.unpack(data(), "tiny")
    assert np.frombuffer(presets.find("tiny").check_weights().read_bytes(), "<f4").tolist() == [5, 6]
    assert [path.name for path in (home / "presets").iterdir() if path.is_dir()] == ["tiny"]
    assert not list(home.rglob("outside"))
