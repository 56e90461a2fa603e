"""`studio replay`: the same pixels, or the reason for the difference."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_faces

from studio.core import data, paths, recipes
from studio.core.imaging import image_io
from studio.core.models import model_zip
from studio.gallery import replay


def test_replay_makes_the_same_pixels(photo, run_command):
    run_command("invert", photo, "-o", "out.png", "--mirror")
    assert run_command("replay", "out.png", "--verify") == (0, "identical\n", "")
    assert run_command("replay", "out.png")[:2] == (0, "out-again.png\n")
    assert run_command("replay", "out.png")[:2] == (0, "out-again-2.png\n")
    assert run_command("replay", "out.png", "-o", "copy.jpg")[0] == 0
    assert np.array_equal(image_io.read("out-again.png"), image_io.read("out.png"))


def test_replay_compares_a_lossy_image_after_encoding(photo, run_command):
    run_command("invert", photo, "-o", "out.jpg")
    assert run_command("replay", "out.jpg", "--verify")[:2] == (0, "identical\n")
    assert run_command("replay", "out.jpg.json", "--verify")[:2] == (0, "identical\n")


def test_replay_describes_an_image_difference(photo, run_command):
    run_command("invert", photo, "-o", "out.png")
    edited = image_io.read("out.png").copy()
    edited[0, 0] ^= 8
    Path("edited.png").write_bytes(image_io.encode_png(edited, recipes.read(Path("out.png").read_bytes())))
    code, out, _ = run_command("replay", "edited.png", "--verify")
    assert code == 1
    assert "8 of 255" in out
    assert "edited" in out
    code, out, _ = run_command("replay", "edited.png", "--verify", "--json")
    report = json.loads(out)
    assert (code, report["figures"]["max"], report["figures"]["identical"]) == (1, 8, False)


def test_replay_reports_and_restores_a_missing_input(photo, run_command, home):
    run_command("invert", photo, "-o", "out.png")
    digest = paths.file_digest(photo)
    shutil.rmtree(home / "files")
    code, _, err = run_command("replay", "out.png", "--verify")
    assert code == 2
    assert digest in err
    assert "photo.png" in err
    assert run_command("replay", "out.png", "--verify", "--inputs", ".") == (0, "identical\n", "")


def test_unreadable_files_in_inputs_are_ignored(photo, run_command, home):
    run_command("invert", photo, "-o", "out.png")
    shutil.rmtree(home / "files")
    Path("a-file-that-fails").symlink_to("/proc/self/mem")
    code, _, err = run_command("replay", "out.png", "--verify", "--inputs", "a" * 300)
    assert code == 2 and "There is no aaa" in err
    assert run_command("replay", "out.png", "--verify", "--inputs", ".") == (0, "identical\n", "")


@pytest.mark.slow
def test_replay_restores_a_missing_sample(photo, run_command, home):
    for sample in ("chelsea", "mosaic"):
        assert run_command("invert", f"sample:{sample}", "-o", f"{sample}.png")[0] == 0
        shutil.rmtree(home / "files")
        assert run_command("replay", f"{sample}.png", "--verify") == (0, "identical\n", "")


def test_models_and_data_sets_are_restored_from_folders(photo, home, tmp_path):
    model = tiny_faces.make(tmp_path / "net")
    images = tmp_path / "images"
    images.mkdir()
    shutil.copy(photo, images)
    there = {"model": paths.store(model_zip.pack(model)), "data": data.store_reference(str(images)).digest}
    sources = {slot: [recipes.Input(digest=digest, name=slot)] for slot, digest in there.items()}
    recipe = recipes.Recipe(task="tiny.train", settings={}, inputs=sources)
    shutil.rmtree(home / "files")
    assert len(replay.find_missing_inputs(recipe)) == 2
    replay.restore_inputs([model, images], recipe)
    assert not replay.find_missing_inputs(recipe)


def test_replay_makes_missing_inputs_from_their_recipes(photo, run_command, home):
    run_command("invert", photo, "-o", "one.png", "--mirror")
    run_command("invert", "one.png", "-o", "two.png")
    (home / "files" / paths.file_digest(Path("one.png"))).unlink()
    assert run_command("replay", "two.png", "--verify") == (0, "identical\n", "")


@pytest.mark.parametrize(
    "name, says",
    [
        ("text.png", "neither a PNG with a recipe nor a recipe"),
        (".", "no model's"),
        ("gone.png", "No such file"),
    ],
)
def test_file_without_a_recipe_is_rejected(name, says, run_command, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("hi")
    code, out, err = run_command("replay", name, "-o", "x.png")
    assert (code, out, err.count("\n")) == (2, "", 1) and says in err


@pytest.mark.parametrize(
    "change", [{"task": "os.system"}, {"settings": {"steps": 10**12}}, {"settings": {"x": 1}}]
)
def test_replay_rejects_invalid_settings(change, photo, run_command):
    run_command("invert", photo, "-o", "out.png")
    recipe = recipes.read(Path("out.png").read_bytes()).model_copy(update=change)
    Path("changed.png").write_bytes(image_io.encode_png(image_io.read("out.png"), recipe))
    code, out, err = run_command("replay", "changed.png")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
