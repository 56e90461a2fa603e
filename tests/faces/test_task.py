"""The faces task: outputs, replay and errors."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import tiny_faces

from studio.core import paths, recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.imaging import animations, image_io
from studio.core.models import model_folder, model_zip, presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.faces import draw, models, task
from studio.faces.settings import USUAL_INTERPOLATE, FacesSettings

TASK = "faces.draw"


def ask(**settings) -> FacesSettings:
    return FacesSettings.parse({"preset": "tiny", "n": 9} | settings)


def generate_images(settings: FacesSettings, **inputs) -> np.ndarray:
    """Generates the expected images without the task."""
    model = models.generator(settings, inputs)
    return model.decode(draw.points(model, settings))


def test_a_sheet_carries_its_recipe_and_comes_out_the_same(tiny):
    result = tasks.run(TASK, ask(), {})
    [file] = result.files
    data = file.read()
    assert (file.kind, file.name) == ("image", "tiny.png")
    assert np.array_equal(image_io.read(data), draw.sheet(generate_images(ask())))
    recipe = recipes.read(data)
    assert recipe == result.recipe and recipe.checked_settings() == ask()
    assert recipe.weights == {"tiny": presets.find("tiny").digest}
    assert tasks.run(TASK, ask(), {}).files[0].digest == file.digest
    assert (result.figures["n"], result.figures["encodes"], result.figures["size"]) == (9, True, 16)


def test_an_array_has_the_images_as_they_are(tiny):
    file = tasks.run(TASK, ask(form="npz"), {}).files[0]
    with np.load(io.BytesIO(file.read())) as arrays:
        assert arrays.files == ["images"]
        assert np.array_equal(arrays["images"], generate_images(ask()))
    assert (file.kind, file.name) == ("dataset", "tiny.npz")
    assert tasks.run(TASK, ask(form="npz"), {}).files[0].digest == file.digest


def test_a_zip_has_an_image_each(tiny):
    file = tasks.run(TASK, ask(form="zip"), {}).files[0]
    with zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        names = archive.namelist()
        assert names[:2] == ["tiny-00001.png", "tiny-00002.png"] and len(names) == 9
        assert np.array_equal(image_io.read(archive.read(names[3])), generate_images(ask())[3])
    assert file.kind == "dataset"


@pytest.mark.parametrize("kind", animations.KINDS)
def test_a_video_has_its_frames(tiny, kind):
    result = tasks.run(TASK, ask(interpolate=6, video=kind), {})
    [file] = result.files
    assert (file.kind, file.name) == ("animation", f"tiny.{kind}")
    frames = list(animations.decode(file.read()))
    assert len(frames) == 6 and frames[0].shape == (512, 512, 3)
    assert not np.array_equal(frames[0], frames[3])
    assert tasks.run(TASK, ask(interpolate=6, video=kind), {}).files[0].digest == file.digest


def test_a_places_map_tells_where_each_lies_along_the_first_directions(tiny):
    z = draw.points(tiny_faces.generator(), FacesSettings(n=9))
    places = tasks.run(TASK, ask(), {}).figures["places"]
    assert np.allclose(places, z[:, :2], atol=1e-3)


def test_a_photo_is_read_and_named_in_the_recipe(tiny):
    photo = File.keep(image_io.encode_png(generate_images(ask(face=2, truncation=0.6))[0]), "image", "me.png")
    result = tasks.run(TASK, ask(face=1, enhance=False), {"photo": [photo]})
    image = image_io.read(result.files[0].read())
    assert np.abs(image.astype(int) - draw.large(image_io.read(photo.read()))).mean() < 3
    assert result.recipe.inputs["photo"][0].digest == photo.digest


def test_a_model_can_be_given_instead_of_named(tiny, home):
    packed = File.keep(model_zip.pack(presets.find("tiny").folder), "model", "mine.zip")
    from_input = tasks.run(TASK, ask(preset="nobody"), {"model": [packed]})
    named = tasks.run(TASK, ask(), {})
    assert np.array_equal(image_io.read(from_input.files[0].read()), image_io.read(named.files[0].read()))
    assert from_input.files[0].name == "mine.png"
    assert from_input.recipe.weights == {} and from_input.recipe.inputs["model"][0].digest == packed.digest


def test_a_model_is_opened_once_and_known_by_each_of_its_names(tiny, home):
    first = models.load(presets.find("tiny"))
    tiny_faces.make(paths.folder("presets") / "twin")
    again = models.load(presets.find("twin"))
    assert again.decode is first.decode
    assert (first.name, again.name) == ("tiny", "twin")
    assert models.names()[-2:] == ["tiny", "twin"]


def test_who_stops_gets_the_grid_so_far_and_its_recipe_makes_that_again(tiny):
    reports = []
    progress = Progress(reports.append, cancelled=lambda: len(reports) > 1)
    result = task.run(ask(n=500, form="npz"), {}, progress)
    assert result.stopped_early and result.figures["n"] == 128
    settings = result.recipe.checked_settings()
    assert settings.n == 128
    assert tasks.run(TASK, settings, {}).files[0].digest == result.files[0].digest


def test_one_of_a_grid_that_no_sheet_holds_is_drawn_alone(tiny, monkeypatch):
    monkeypatch.setattr(image_io, "MOST_PIXELS", 2 * 16**2 * 600)
    [file] = tasks.run(TASK, ask(n=700, face=3, enhance=False), {}).files
    assert np.array_equal(image_io.read(file.read()), draw.large(generate_images(ask(n=500))[2]))
    for many in ({}, {"face": 3, "to": 4}):
        with pytest.raises(InvalidInput, match="at most 600"):
            tasks.run(TASK, ask(n=700, **many), {})


NETWORKS = {"clean", "enlarge"}


@pytest.mark.parametrize(
    "settings, alone",
    [
        ({"face": 2}, True),
        ({"n": 1}, True),
        ({"interpolate": 4, "video": "gif"}, True),
        ({}, False),
        ({"face": 2, "enhance": False}, False),
        ({"face": 2, "to": 3}, False),
        ({"face": 2, "form": "npz"}, False),
    ],
)
def test_what_stands_alone_is_enlarged_by_networks_that_the_recipe_names(tiny, settings, alone):
    recipe = tasks.run(TASK, ask(**settings), {}).recipe
    assert NETWORKS & recipe.weights.keys() == (NETWORKS if alone else set())


def test_a_face_alone_is_another_than_the_plain_one(tiny):
    enhanced, plain = (tasks.run(TASK, ask(face=2, enhance=e), {}).files[0] for e in (True, False))
    assert enhanced.digest != plain.digest
    sizes = {image_io.read(file.read()).shape for file in (enhanced, plain)}
    assert len(sizes) == 1


@pytest.mark.parametrize("settings", [{"face": 1, "to": 2, "n": 500}, {"interpolate": 300}])
def test_half_a_way_is_nothing(tiny, settings):
    with pytest.raises(Cancelled):
        task.run(ask(**settings), {}, Progress(cancelled=lambda: True))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"preset": "nobody"}, "Invalid preset"),
        ({"preset": ""}, "faces-dcgan"),
        ({"preset": "", "model": "vae"}, "faces-vae"),
        ({"moves": ["younger=1"]}, "older, change-1"),
        ({"moves": ["older"]}, "NAME=AMOUNT"),
        ({"moves": ["older=much"]}, "NAME=AMOUNT"),
        ({"moves": ["older=nan"]}, "NAME=AMOUNT"),
        ({"moves": ["older=1e9"]}, "from -10 to 10"),
        ({"moves": ["=1"]}, "NAME=AMOUNT"),
        ({"to": 3}, "Add `--face`"),
        ({"near": [0]}, "numbers from 1"),
    ],
)
def test_what_cannot_be_drawn_is_found_before_a_model_is_opened(
    tiny, nothing_ships, settings, message, monkeypatch
):
    monkeypatch.setattr(tiny_faces, "open_preset", None)
    with pytest.raises(InvalidInput, match=message):
        tasks.check(TASK, ask(**settings), {})


def test_a_direction_that_no_name_can_ask_for_is_left_out_of_what_can_be_asked(tiny):
    path = paths.folder("presets") / "tiny" / model_folder.SETTINGS
    path.write_text(path.read_text().replace('"older"', '"looks older"'))
    with pytest.raises(InvalidInput, match=r"Use one of change-1\."):
        tasks.check(TASK, ask(moves=["looks older=1"]), {})


def test_a_model_that_does_not_draw_is_refused(tiny, monkeypatch):
    monkeypatch.setitem(tasks.TASKS, tiny_faces.TASK, "studio.text:TRAIN")
    with pytest.raises(InvalidInput, match="a generator"):
        tasks.check(TASK, ask(), {})
    assert "tiny" not in models.names()


def test_a_photo_that_cannot_be_read_is_one_sentence(tiny, home):
    tiny_faces.make(paths.folder("presets") / "blind", reads=False)
    photo = File.keep(image_io.encode_png(np.zeros((20, 20, 3), "uint8")), "image", "me.png")
    with pytest.raises(InvalidInput, match=r"preset blind.*cannot encode photos"):
        tasks.run(TASK, ask(preset="blind"), {"photo": [photo]})


def test_a_photo_for_a_kind_of_model_that_only_draws_is_refused_before_it_is_opened(tiny, monkeypatch):
    monkeypatch.setitem(tasks.TASKS, tiny_faces.TASK, "studio.dcgan:TRAIN")
    photo = File.keep(image_io.encode_png(np.zeros((20, 20, 3), "uint8")), "image", "me.png")
    with pytest.raises(InvalidInput, match=r"preset tiny.*cannot encode photos"):
        tasks.check(TASK, ask(), {"photo": [photo]})


def test_a_way_of_a_few_is_a_row(tiny):
    row = image_io.read(tasks.run(TASK, ask(face=1, to=2, n=5), {}).files[0].read())
    assert row.shape[1] > 4 * row.shape[0]
    many = image_io.read(tasks.run(TASK, ask(face=1, to=2, n=25), {}).files[0].read())
    assert many.shape[0] == many.shape[1]


def test_a_direction_of_a_given_model_is_checked_too(tiny, home):
    packed = File.keep(model_zip.pack(presets.find("tiny").folder), "model", "mine.zip")
    with pytest.raises(InvalidInput, match="older, change-1"):
        tasks.run(TASK, ask(moves=["younger=1"]), {"model": [packed]})


@pytest.mark.parametrize(
    "ending, kind, change",
    [
        ("png", "image", {}),
        ("npz", "dataset", {"form": "npz"}),
        ("zip", "dataset", {"form": "zip"}),
        ("gif", "animation", {"video": "gif", "interpolate": USUAL_INTERPOLATE}),
        ("webp", "animation", {"video": "webp", "interpolate": USUAL_INTERPOLATE}),
    ],
)
def test_the_ending_of_a_name_decides_what_is_made(ending, kind, change):
    settings = FacesSettings().for_ending(ending)
    assert settings == FacesSettings(**change)
    assert tasks.get(TASK).makes(settings) == kind
    assert FacesSettings(interpolate=7).for_ending(ending).interpolate == 7


def test_a_worker_is_warmed_with_the_faces_that_are_here(tiny, nothing_ships, monkeypatch):
    models.prepare(FacesSettings())  # finds no face
    shapes, open_preset = [], tiny_faces.open_preset

    def spied(preset):
        generator = open_preset(preset)
        return replace(generator, decode=lambda z: shapes.append(z.shape) or generator.decode(z))

    monkeypatch.setattr(tiny_faces, "open_preset", spied)
    tiny_faces.make(paths.folder("presets") / "faces-dcgan", seed=9)
    models.prepare(FacesSettings())
    assert shapes == [(1, tiny_faces.DIM), (64, tiny_faces.DIM)]
