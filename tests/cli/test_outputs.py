"""Results never replace files of a user: no inputs, under any name, and no neighboring files."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_faces

from studio.core import recipes
from studio.core.imaging import image_io

USER_FILE = b'{"mine": true}'


@pytest.fixture
def expect_unchanged():
    """Checks after the test that a file is unchanged: `expect_unchanged(path)`."""
    noted = {}

    def note(path, data=None):
        path = Path(path)
        if data is not None:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        noted[path.absolute()] = path.read_bytes()
        return path

    yield note
    assert {path: path.read_bytes() for path in noted} == noted


def assert_refused(answer, *parts):
    code, out, err = answer
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert all(part in err for part in parts), err


def test_file_next_to_the_target_of_a_link_stays(photo, run_command, expect_unchanged):
    expect_unchanged("real/a.jpg.json", USER_FILE)
    Path("out.jpg").symlink_to("real/a.jpg")
    assert_refused(run_command("invert", photo, "-o", "out.jpg"), "a free place for its recipe", "a.jpg.json")
    assert not Path("real/a.jpg").exists()


@pytest.mark.parametrize("beside", ["link to nothing", "link to a recipe", "image with a recipe"])
def test_only_recipes_of_the_studio_are_replaced(beside, photo, run_command, expect_unchanged):
    run_command("invert", photo, "-o", "one.png"), run_command("invert", photo, "-o", "two.jpg")
    place = Path("out.jpg.json")
    if beside == "image with a recipe":
        expect_unchanged(place, Path("one.png").read_bytes())
    else:
        place.symlink_to("gone" if beside == "link to nothing" else expect_unchanged("two.jpg.json"))
    assert_refused(run_command("invert", photo, "-o", "out.jpg"), "a free place for its recipe")
    assert place.is_symlink() == beside.startswith("link")


def test_file_added_at_the_recipe_path_stays(photo, run_command, expect_unchanged, monkeypatch):
    import paint

    work = paint.run

    def slow(*args):
        expect_unchanged("out.jpg.json", USER_FILE)
        return work(*args)

    monkeypatch.setattr(paint, "run", slow)
    code, _, err = run_command("invert", photo, "-o", "out.jpg")
    assert code == 2 and "a free place for its recipe" in err


def test_result_saved_through_a_link_has_a_recipe(photo, run_command):
    Path("real").mkdir()
    Path("out.jpg").symlink_to("real/a.jpg")
    assert run_command("invert", photo, "-o", "out.jpg")[:2] == (0, "out.jpg\n")
    assert Path("out.jpg").is_symlink() and Path("real/a.jpg.json").is_file()
    assert run_command("replay", "out.jpg", "--verify")[:2] == (0, "identical\n")


def test_link_changed_during_the_work_is_not_followed(photo, run_command, expect_unchanged, monkeypatch):
    import paint

    work = paint.run

    def slow(*args):
        Path("out.png").unlink()
        Path("out.png").symlink_to(expect_unchanged("photo.png"))
        return work(*args)

    Path("out.png").symlink_to("real.png")
    monkeypatch.setattr(paint, "run", slow)
    assert run_command("invert", photo, "-o", "out.png")[0] == 0
    assert image_io.read("real.png").shape == (48, 64, 3)


@pytest.mark.parametrize("how", ["hard", "soft", "other case"])
def test_input_is_recognized_by_another_name(how, photo, run_command, expect_unchanged):
    expect_unchanged(photo)
    if how == "other case":
        if not Path("PHOTO.png").exists():
            pytest.skip("names are told apart by their case here")
        Path("same.png").symlink_to("PHOTO.png")
    elif how == "hard":
        os.link(photo, "same.png")
    else:
        Path("same.png").symlink_to(photo)
    assert_refused(run_command("invert", photo, "-o", "same.png"), "one of the inputs")
    assert_refused(run_command("invert", "same.png", "-o", photo), "one of the inputs")
    assert_refused(
        run_command("invert", "sample:chelsea", "--mask", "same.png", "-o", photo), "one of the inputs"
    )
    assert photo.samefile("same.png")


def test_recipe_of_an_input_stays(photo, run_command, expect_unchanged):
    run_command("invert", photo, "-o", "a.jpg")
    expect_unchanged("a.jpg.json")
    assert_refused(run_command("classify", "predict", "a.jpg", "-o", "a.jpg.json"), "one of the inputs")
    shutil.copy("a.jpg.json", "b.jpg.json")
    expect_unchanged("b.jpg.json")
    assert_refused(run_command("replay", "b.jpg.json", "-o", "b.jpg"), "one of the inputs")


def test_recipe_of_a_result_does_not_replace_an_input(photo, run_command, expect_unchanged):
    shutil.copy(photo, "b.jpg.json")
    expect_unchanged("b.jpg.json")
    assert_refused(run_command("invert", "b.jpg.json", "-o", "b.jpg"))


def test_replay_does_not_replace_its_inputs(photo, run_command, expect_unchanged, home):
    expect_unchanged(photo)
    run_command("invert", photo, "-o", "out.png")
    expect_unchanged("out.png")
    shutil.rmtree(home / "files")
    for inputs in (photo, photo.parent):
        assert_refused(run_command("replay", "out.png", "-o", photo, "--inputs", inputs), "input")


@pytest.mark.slow
def test_replay_without_a_name_takes_a_free_one(photo, run_command, expect_unchanged, monkeypatch):
    import paint

    run_command("invert", photo, "-o", "out.jpg")
    expect_unchanged("out-again.jpg.json", USER_FILE)
    assert run_command("replay", "out.jpg")[:2] == (0, "out-again-2.jpg\n")
    work = paint.run

    def slow(*args):
        expect_unchanged("out-again-3.jpg", b"put there meanwhile")
        return work(*args)

    monkeypatch.setattr(paint, "run", slow)
    assert run_command("replay", "out.jpg")[:2] == (0, "out-again-4.jpg\n")


@pytest.fixture
def folder(photo, run_command, home):
    """A folder of photos, one of them a result of the studio."""
    Path("photos").mkdir()
    run_command("invert", photo, "-o", "photos/a.png")
    return Path("photos")


def test_folder_run_does_not_replace_its_inputs(folder, photo, run_command, expect_unchanged):
    expect_unchanged("photos/a.png")
    Path("out").mkdir()
    Path("out/a.png").symlink_to("../photos/a.png")
    code, _, err = run_command("invert", "photos", "-o", "out", "--mirror", "--quiet")
    assert code == 2 and "one of the inputs" in err
    Path("out/a.png").unlink()
    run_command("invert", photo, "-o", "out/a.png", "--steps", "2")
    expect_unchanged("out/a.png")
    code, _, err = run_command("invert", "photos", "-o", "out", "--mask", "out/a.png", "--quiet")
    assert code == 2 and "one of the inputs" in err
    Path("link").symlink_to("photos")
    assert_refused(run_command("invert", "photos", "-o", "link"), "the folder of the images")


def test_model_used_as_an_input_is_not_replaced(photo, run_command, expect_unchanged, home):
    model = tiny_faces.make(photo.parent / "net")
    for path in model.iterdir():
        expect_unchanged(path)
    shutil.make_archive("mine", "zip", "net")
    expect_unchanged("mine.zip")
    assert_refused(
        run_command("faces", "--preset", "mine.zip", "-n", "2", "-o", "mine.zip"), "one of the inputs"
    )
    (model / "card.webp").write_bytes(image_io.encode_png(np.zeros((8, 8, 3), "uint8")))
    expect_unchanged(model / "card.webp")
    assert_refused(run_command("faces", "--preset", "net", "-n", "2", "-o", "net/card.webp"), "input")
    assert_refused(run_command("write", "--preset", "net", "to", "-o", "net/card.md"), "input")
    assert_refused(
        run_command("classify", "predict", "--preset", "net", photo, "-o", "net/settings.json"), "input"
    )


def test_input_video_is_not_replaced(run_command, expect_unchanged, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    argv = [
        "faces",
        "--preset",
        "digits-dcgan",
        "-n",
        "2",
        "--interpolate",
        "2",
        "-o",
        "interpolate.gif",
        "--quiet",
    ]
    assert run_command(*argv)[0] == 0
    expect_unchanged("interpolate.gif")
    os.link("interpolate.gif", "same.gif")
    assert_refused(
        run_command("style", "interpolate.gif", "house:mosaic", "-o", "same.gif"), "one of the inputs"
    )
    expect_unchanged("video.gif.json", USER_FILE)
    assert_refused(
        run_command("style", "interpolate.gif", "house:mosaic", "-o", "video.gif"),
        ("a free place for its recipe"),
    )


@pytest.mark.parametrize("name", ["faces.npz", "faces.zip"])
def test_file_next_to_an_image_set_stays(name, run_command, expect_unchanged, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expect_unchanged(f"{name}.json", USER_FILE)
    assert_refused(run_command("faces", "--preset", "digits-dcgan", "-n", "2", "-o", name), "a free place")


def test_gallery_export_follows_a_link(photo, run_command):
    run_command("invert", photo, "-o", "out.png")
    Path("all.zip").symlink_to("real.zip")
    assert run_command("gallery", "export", "-o", "all.zip")[:2] == (0, "all.zip\n")
    assert Path("all.zip").is_symlink() and Path("real.zip").read_bytes()[:2] == b"PK"


def test_recipe_is_found_through_a_link(photo, run_command):
    run_command("invert", photo, "-o", "a.jpg")
    Path("b.jpg").symlink_to("a.jpg")
    assert recipes.read(Path("a.jpg.json").read_bytes()).task == "fake.paint"
    assert run_command("gallery", "show", "b.jpg")[0] == 0
