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
from studio.core.imaging import image_io, video_codecs, video_decoder
from studio.core.models import model_folder, model_zip, presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.faces import draw, models, task
from studio.faces.settings import DEFAULT_FRAMES, FacesSettings

TASK = "faces.draw"


def make_settings(**settings) -> FacesSettings:
    return FacesSettings.parse({"preset": "tiny", "n": 9} | settings)


def generate_images(settings: FacesSettings, **inputs) -> np.ndarray:
    """Generates the expected images without the task."""
    model = models.load_generator(settings, inputs)
    return model.decode(draw.draw_latents(model, settings))


def test_the_recipe_of_a_sheet_reproduces_it(tiny):
    result = tasks.run(TASK, make_settings(), {})
    [file] = result.files
    data = file.read()
    assert (file.kind, file.name) == ("image", "tiny.png")
    assert np.array_equal(image_io.read(data), draw.render_sheet(generate_images(make_settings())))
    recipe = recipes.read(data)
    assert recipe == result.recipe and recipe.parse_settings() == make_settings()
    assert recipe.weights == {"tiny": presets.find("tiny").digest}
    assert tasks.run(TASK, make_settings(), {}).files[0].digest == file.digest
    assert (result.figures["n"], result.figures["encodes"], result.figures["size"]) == (9, True, 16)


def test_an_npz_has_the_original_images(tiny):
    file = tasks.run(TASK, make_settings(form="npz"), {}).files[0]
    with np.load(io.BytesIO(file.read())) as arrays:
        assert arrays.files == ["images"]
        assert np.array_equal(arrays["images"], generate_images(make_settings()))
    assert (file.kind, file.name) == ("dataset", "tiny.npz")
    assert tasks.run(TASK, make_settings(form="npz"), {}).files[0].digest == file.digest


def test_a_zip_has_one_file_per_image(tiny):
    file = tasks.run(TASK, make_settings(form="zip"), {}).files[0]
    with zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        names = archive.namelist()
        assert names[:2] == ["tiny-00001.png", "tiny-00002.png"] and len(names) == 9
        assert np.array_equal(image_io.read(archive.read(names[3])), generate_images(make_settings())[3])
    assert file.kind == "dataset"


@pytest.mark.parametrize("kind", video_codecs.KINDS)
def test_a_video_has_the_set_number_of_frames(tiny, kind):
    result = tasks.run(TASK, make_settings(interpolate=6, video=kind), {})
    [file] = result.files
    assert (file.kind, file.name) == ("animation", f"tiny.{kind}")
    frames = list(video_decoder.decode(file.read()))
    assert len(frames) == 6 and frames[0].shape == (512, 512, 3)
    assert not np.array_equal(frames[0], frames[3])
    assert tasks.run(TASK, make_settings(interpolate=6, video=kind), {}).files[0].digest == file.digest


def test_places_are_coordinates_along_the_first_directions(tiny):
    z = draw.draw_latents(tiny_faces.make_generator(), FacesSettings(n=9))
    places = tasks.run(TASK, make_settings(), {}).figures["places"]
    assert np.allclose(places, z[:, :2], atol=1e-3)


def test_a_photo_is_an_input_of_the_recipe(tiny):
    photo = File.store(
        image_io.encode_png(generate_images(make_settings(face=2, truncation=0.6))[0]), "image", "me.png"
    )
    result = tasks.run(TASK, make_settings(face=1, enhance=False), {"photo": [photo]})
    image = image_io.read(result.files[0].read())
    assert np.abs(image.astype(int) - draw.enlarge(image_io.read(photo.read()))).mean() < 3
    assert result.recipe.inputs["photo"][0].digest == photo.digest


def test_a_model_can_be_uploaded(tiny, home):
    packed = File.store(model_zip.pack(presets.find("tiny").folder), "model", "mine.zip")
    from_input = tasks.run(TASK, make_settings(preset="nobody"), {"model": [packed]})
    named = tasks.run(TASK, make_settings(), {})
    assert np.array_equal(image_io.read(from_input.files[0].read()), image_io.read(named.files[0].read()))
    assert from_input.files[0].name == "mine.png"
    assert from_input.recipe.weights == {} and from_input.recipe.inputs["model"][0].digest == packed.digest


def test_a_model_is_loaded_once_under_several_names(tiny, home):
    first = models.load(presets.find("tiny"))
    tiny_faces.make(paths.ensure_folder("presets") / "twin")
    again = models.load(presets.find("twin"))
    assert again.decode is first.decode
    assert (first.name, again.name) == ("tiny", "twin")
    assert models.list_names()[-2:] == ["tiny", "twin"]


def test_the_recipe_of_a_stopped_grid_reproduces_it(tiny):
    reports = []
    progress = Progress(reports.append, cancelled=lambda: len(reports) > 1)
    result = task.run(make_settings(n=500, form="npz"), {}, progress)
    assert result.stopped_early and result.figures["n"] == 128
    settings = result.recipe.parse_settings()
    assert settings.n == 128
    assert tasks.run(TASK, settings, {}).files[0].digest == result.files[0].digest


def test_one_face_of_a_huge_grid_can_be_generated(tiny, monkeypatch):
    monkeypatch.setattr(image_io, "MAX_PIXELS", 2 * 16**2 * 600)
    [file] = tasks.run(TASK, make_settings(n=700, face=3, enhance=False), {}).files
    assert np.array_equal(image_io.read(file.read()), draw.enlarge(generate_images(make_settings(n=500))[2]))
    for many in ({}, {"face": 3, "to": 4}):
        with pytest.raises(InvalidInput, match="at most 600"):
            tasks.run(TASK, make_settings(n=700, **many), {})


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
def test_a_single_image_is_upscaled_by_networks_in_the_recipe(tiny, settings, alone):
    recipe = tasks.run(TASK, make_settings(**settings), {}).recipe
    assert NETWORKS & recipe.weights.keys() == (NETWORKS if alone else set())


def test_an_enhanced_face_differs_from_the_plain_one(tiny):
    enhanced, plain = (tasks.run(TASK, make_settings(face=2, enhance=e), {}).files[0] for e in (True, False))
    assert enhanced.digest != plain.digest
    sizes = {image_io.read(file.read()).shape for file in (enhanced, plain)}
    assert len(sizes) == 1


@pytest.mark.parametrize("settings", [{"face": 1, "to": 2, "n": 500}, {"interpolate": 300}])
def test_a_stopped_interpolation_raises(tiny, settings):
    with pytest.raises(Cancelled):
        task.run(make_settings(**settings), {}, Progress(cancelled=lambda: True))


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"preset": "nobody"}, "Invalid preset"),
        ({"preset": ""}, "faces-dcgan"),
        ({"preset": "", "model": "vae"}, "faces-vae"),
        ({"moves": ["younger=1"]}, "older, direction-1"),
        ({"moves": ["older"]}, "NAME=AMOUNT"),
        ({"moves": ["older=much"]}, "NAME=AMOUNT"),
        ({"moves": ["older=nan"]}, "NAME=AMOUNT"),
        ({"moves": ["older=1e9"]}, "from -10 to 10"),
        ({"moves": ["=1"]}, "NAME=AMOUNT"),
        ({"to": 3}, "Add `--face`"),
        ({"near": [0]}, "numbers from 1"),
    ],
)
def test_invalid_settings_are_rejected_before_loading(
    tiny, hide_shipped_models, settings, message, monkeypatch
):
    monkeypatch.setattr(tiny_faces, "open_preset", None)
    with pytest.raises(InvalidInput, match=message):
        tasks.check(TASK, make_settings(**settings), {})


def test_unusable_direction_names_are_left_out(tiny):
    path = paths.ensure_folder("presets") / "tiny" / model_folder.SETTINGS
    path.write_text(path.read_text().replace('"older"', '"looks older"'))
    with pytest.raises(InvalidInput, match=r"Use one of direction-1\."):
        tasks.check(TASK, make_settings(moves=["looks older=1"]), {})


def test_a_model_that_is_no_generator_is_rejected(tiny, monkeypatch):
    monkeypatch.setitem(tasks.TASKS, tiny_faces.TASK, "studio.text:TRAIN")
    with pytest.raises(InvalidInput, match="a generator"):
        tasks.check(TASK, make_settings(), {})
    assert "tiny" not in models.list_names()


def test_an_unreadable_photo_raises_a_readable_error(tiny, home):
    tiny_faces.make(paths.ensure_folder("presets") / "blind", reads=False)
    photo = File.store(image_io.encode_png(np.zeros((20, 20, 3), "uint8")), "image", "me.png")
    with pytest.raises(InvalidInput, match=r"preset blind.*cannot encode photos"):
        tasks.run(TASK, make_settings(preset="blind"), {"photo": [photo]})


def test_a_photo_for_a_model_without_encoder_is_rejected_before_loading(tiny, monkeypatch):
    monkeypatch.setitem(tasks.TASKS, tiny_faces.TASK, "studio.diffusion:TRAIN")
    photo = File.store(image_io.encode_png(np.zeros((20, 20, 3), "uint8")), "image", "me.png")
    with pytest.raises(InvalidInput, match=r"preset tiny.*cannot encode photos"):
        tasks.check(TASK, make_settings(), {"photo": [photo]})


def test_a_short_interpolation_is_one_row(tiny):
    row = image_io.read(tasks.run(TASK, make_settings(face=1, to=2, n=5), {}).files[0].read())
    assert row.shape[1] > 4 * row.shape[0]
    many = image_io.read(tasks.run(TASK, make_settings(face=1, to=2, n=25), {}).files[0].read())
    assert many.shape[0] == many.shape[1]


def test_directions_of_an_uploaded_model_are_checked(tiny, home):
    packed = File.store(model_zip.pack(presets.find("tiny").folder), "model", "mine.zip")
    with pytest.raises(InvalidInput, match="older, direction-1"):
        tasks.run(TASK, make_settings(moves=["younger=1"]), {"model": [packed]})


@pytest.mark.parametrize(
    "ending, kind, change",
    [
        ("png", "image", {}),
        ("npz", "dataset", {"form": "npz"}),
        ("zip", "dataset", {"form": "zip"}),
        ("gif", "animation", {"video": "gif", "interpolate": DEFAULT_FRAMES}),
        ("webp", "animation", {"video": "webp", "interpolate": DEFAULT_FRAMES}),
    ],
)
def test_the_file_extension_decides_the_result(ending, kind, change):
    settings = FacesSettings().for_ending(ending)
    assert settings == FacesSettings(**change)
    assert tasks.get(TASK).choose_kind(settings) == kind
    assert FacesSettings(interpolate=7).for_ending(ending).interpolate == 7


def test_a_worker_is_warmed_with_installed_models(tiny, hide_shipped_models, monkeypatch):
    models.prepare(FacesSettings())  # finds no face
    shapes, open_preset = [], tiny_faces.open_preset

    def spied(preset):
        generator = open_preset(preset)
        return replace(generator, decode=lambda z: shapes.append(z.shape) or generator.decode(z))

    monkeypatch.setattr(tiny_faces, "open_preset", spied)
    tiny_faces.make(paths.ensure_folder("presets") / "faces-dcgan", seed=9)
    models.prepare(FacesSettings())
    assert shapes == [(1, tiny_faces.DIM), (64, tiny_faces.DIM)]
