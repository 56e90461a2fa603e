"""Nothing of a user's is replaced by a result: not an input, by whatever name, nor a file next to it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny_faces

from studio.core import recipes
from studio.core.imaging import image_io

MINE = b'{"mine": true}'


@pytest.fixture
def kept():
    """Notes what a file holds, and afterwards that it still does: `kept(path)`."""
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


def refused(answer, *told):
    code, out, err = answer
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert all(one in err for one in told), err


def test_a_file_beside_what_a_link_leads_to_is_not_replaced(photo, said, kept):
    kept("real/a.jpg.json", MINE)
    Path("out.jpg").symlink_to("real/a.jpg")
    refused(said("invert", photo, "-o", "out.jpg"), "a free place for its recipe", "a.jpg.json")
    assert not Path("real/a.jpg").exists()


@pytest.mark.parametrize("beside", ["link to nothing", "link to a recipe", "image with a recipe"])
def test_only_a_recipe_that_the_studio_wrote_gives_way_to_a_recipe(beside, photo, said, kept):
    said("invert", photo, "-o", "one.png"), said("invert", photo, "-o", "two.jpg")
    place = Path("out.jpg.json")
    if beside == "image with a recipe":
        kept(place, Path("one.png").read_bytes())
    else:
        place.symlink_to("gone" if beside == "link to nothing" else kept("two.jpg.json"))
    refused(said("invert", photo, "-o", "out.jpg"), "a free place for its recipe")
    assert place.is_symlink() == beside.startswith("link")


def test_what_is_put_beside_the_result_meanwhile_stays(photo, said, kept, monkeypatch):
    import paint

    work = paint.run

    def slow(*asked):
        kept("out.jpg.json", MINE)
        return work(*asked)

    monkeypatch.setattr(paint, "run", slow)
    code, _, err = said("invert", photo, "-o", "out.jpg")
    assert code == 2 and "a free place for its recipe" in err


def test_a_result_saved_through_a_link_tells_its_recipe(photo, said):
    Path("real").mkdir()
    Path("out.jpg").symlink_to("real/a.jpg")
    assert said("invert", photo, "-o", "out.jpg")[:2] == (0, "out.jpg\n")
    assert Path("out.jpg").is_symlink() and Path("real/a.jpg.json").is_file()
    assert said("replay", "out.jpg", "--verify")[:2] == (0, "identical\n")


def test_a_link_that_is_led_elsewhere_meanwhile_takes_nothing_with_it(photo, said, kept, monkeypatch):
    import paint

    work = paint.run

    def slow(*asked):
        Path("out.png").unlink()
        Path("out.png").symlink_to(kept("photo.png"))
        return work(*asked)

    Path("out.png").symlink_to("real.png")
    monkeypatch.setattr(paint, "run", slow)
    assert said("invert", photo, "-o", "out.png")[0] == 0
    assert image_io.read("real.png").shape == (48, 64, 3)


@pytest.mark.parametrize("how", ["hard", "soft", "other case"])
def test_an_input_is_known_by_another_name(how, photo, said, kept):
    kept(photo)
    if how == "other case":
        if not Path("PHOTO.png").exists():
            pytest.skip("names are told apart by their case here")
        Path("same.png").symlink_to("PHOTO.png")
    elif how == "hard":
        os.link(photo, "same.png")
    else:
        Path("same.png").symlink_to(photo)
    refused(said("invert", photo, "-o", "same.png"), "one of the inputs")
    refused(said("invert", "same.png", "-o", photo), "one of the inputs")
    refused(said("invert", "sample:chelsea", "--masks", "same.png", "-o", photo), "one of the inputs")
    assert photo.samefile("same.png")


def test_the_recipe_of_an_input_stays(photo, said, kept):
    said("invert", photo, "-o", "a.jpg")
    kept("a.jpg.json")
    refused(said("classify", "predict", "a.jpg", "-o", "a.jpg.json"), "one of the inputs")
    shutil.copy("a.jpg.json", "b.jpg.json")
    kept("b.jpg.json")
    refused(said("replay", "b.jpg.json", "-o", "b.jpg"), "one of the inputs")


def test_no_input_gives_way_to_the_recipe_of_a_result(photo, said, kept):
    shutil.copy(photo, "b.jpg.json")
    kept("b.jpg.json")
    refused(said("invert", "b.jpg.json", "-o", "b.jpg"))


def test_a_replay_does_not_replace_what_it_was_given(photo, said, kept, home):
    kept(photo)
    said("invert", photo, "-o", "out.png")
    kept("out.png")
    shutil.rmtree(home / "files")
    for inputs in (photo, photo.parent):
        refused(said("replay", "out.png", "-o", photo, "--inputs", inputs), "input")


@pytest.mark.slow
def test_a_replay_without_a_name_takes_one_that_nobody_has(photo, said, kept, monkeypatch):
    import paint

    said("invert", photo, "-o", "out.jpg")
    kept("out-again.jpg.json", MINE)
    assert said("replay", "out.jpg")[:2] == (0, "out-again-2.jpg\n")
    work = paint.run

    def slow(*asked):
        kept("out-again-3.jpg", b"put there meanwhile")
        return work(*asked)

    monkeypatch.setattr(paint, "run", slow)
    assert said("replay", "out.jpg")[:2] == (0, "out-again-4.jpg\n")


@pytest.fixture
def folder(photo, said, home):
    """Photos of which one was made by the studio itself."""
    Path("photos").mkdir()
    said("invert", photo, "-o", "photos/a.png")
    return Path("photos")


def test_a_folder_of_results_does_not_replace_what_they_are_made_from(folder, photo, said, kept):
    kept("photos/a.png")
    Path("out").mkdir()
    Path("out/a.png").symlink_to("../photos/a.png")
    code, _, err = said("invert", "photos", "-o", "out", "--mirror", "--quiet")
    assert code == 2 and "one of the inputs" in err
    Path("out/a.png").unlink()
    said("invert", photo, "-o", "out/a.png", "--steps", "2")
    kept("out/a.png")
    code, _, err = said("invert", "photos", "-o", "out", "--masks", "out/a.png", "--quiet")
    assert code == 2 and "one of the inputs" in err
    Path("link").symlink_to("photos")
    refused(said("invert", "photos", "-o", "link"), "the folder of the images")


def test_a_model_that_is_asked_stays_whole(photo, said, kept, home):
    model = tiny_faces.make(photo.parent / "net")
    for path in model.iterdir():
        kept(path)
    shutil.make_archive("mine", "zip", "net")
    kept("mine.zip")
    refused(said("faces", "--preset", "mine.zip", "-n", "2", "-o", "mine.zip"), "one of the inputs")
    (model / "card.png").write_bytes(image_io.encode_png(np.zeros((8, 8, 3), "uint8")))
    kept(model / "card.png")
    refused(said("faces", "--preset", "net", "-n", "2", "-o", "net/card.png"), "input")
    refused(said("write", "--preset", "net", "to", "-o", "net/card.md"), "input")
    refused(said("classify", "predict", "--preset", "net", photo, "-o", "net/settings.json"), "input")


def test_a_video_stays(said, kept, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = [
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
    assert said(*made)[0] == 0
    kept("interpolate.gif")
    os.link("interpolate.gif", "same.gif")
    refused(said("style", "interpolate.gif", "house:mosaic", "-o", "same.gif"), "one of the inputs")
    kept("video.gif.json", MINE)
    refused(
        said("style", "interpolate.gif", "house:mosaic", "-o", "video.gif"), ("a free place for its recipe")
    )


@pytest.mark.parametrize("name", ["faces.npz", "faces.zip"])
def test_a_file_beside_a_set_of_images_stays(name, said, kept, home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept(f"{name}.json", MINE)
    refused(said("faces", "--preset", "digits-dcgan", "-n", "2", "-o", name), "a free place")


def test_an_export_of_the_gallery_goes_through_a_link(photo, said):
    said("invert", photo, "-o", "out.png")
    Path("all.zip").symlink_to("real.zip")
    assert said("gallery", "export", "-o", "all.zip")[:2] == (0, "all.zip\n")
    assert Path("all.zip").is_symlink() and Path("real.zip").read_bytes()[:2] == b"PK"


def test_what_a_link_led_to_is_read_as_a_recipe_too(photo, said):
    said("invert", photo, "-o", "a.jpg")
    Path("b.jpg").symlink_to("a.jpg")
    assert recipes.read(Path("a.jpg.json").read_bytes()).task == "fake.paint"
    assert said("gallery", "show", "b.jpg")[0] == 0
