"""Images of a diffusion model: its class, steps and guidance, and the sheet of its steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import tiny_diffusion
import tiny_faces

from studio.core import paths, recipes, tasks
from studio.core.errors import Cancelled, InvalidInput
from studio.core.generators import latent
from studio.core.imaging import image_io
from studio.core.models import model_zip, presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.faces import draw, models
from studio.faces.settings import FacesSettings

TASK = "faces.draw"


@pytest.fixture(scope="module")
def packed_model(tmp_path_factory) -> bytes:
    return model_zip.pack(tiny_diffusion.make(tmp_path_factory.mktemp("models") / "squares").folder)


@pytest.fixture
def squares(packed_model, home):
    """A stored diffusion model of three classes."""
    return presets.unpack(packed_model, "squares")


def draw_image(**settings) -> np.ndarray:
    values = {"preset": "squares", "n": 2, "steps": 5, "enhance": False} | settings
    return image_io.read(tasks.run(TASK, FacesSettings.parse(values), {}).files[0].read())


def test_class_steps_and_guidance_are_in_the_recipe_and_change_the_image(squares):
    variants = [{}, {"steps": 6}, {"class_name": "two"}, {"class_name": "two", "guidance": 4.0}, {"seed": 1}]
    assert len({draw_image(**variant).tobytes() for variant in variants}) == len(variants)
    settings = FacesSettings.parse({"preset": "squares", "n": 2, "steps": 5, "class_name": "two"})
    data = tasks.run(TASK, settings, {}).files[0].read()
    assert recipes.read(data).parse_settings() == settings
    assert settings.subject == "2 images of squares, class two"
    assert tasks.run(TASK, recipes.read(data).parse_settings(), {}).files[0].read() == data


def test_a_morph_begins_and_ends_at_images_of_the_grid(squares):
    row = draw_image(face=1, to=2, n=3)
    side = draw_image(n=3, face=2).shape[0]
    assert row.shape[1] > 2 * row.shape[0] and side == 504


def test_the_sheet_of_steps_leads_from_noise_to_the_image(squares):
    sheet = draw_image(form="denoising", face=2, class_name="two")
    assert sheet.shape == (56, 28 * 6, 3)
    noisy, predicted = sheet[:28], sheet[28:]
    assert np.array_equal(noisy[:, -28:], predicted[:, -28:])
    enlarged = draw_image(face=2, class_name="two")
    assert np.array_equal(image_io.resize(noisy[:, -28:], 504, 504), enlarged)
    settings = FacesSettings(form="denoising")
    assert settings.for_ending("png") == settings and settings.for_ending("npz").form == "npz"
    assert settings.subject == "denoising steps of face 1"
    assert tasks.get(TASK).choose_kind(settings) == "image"


@pytest.mark.parametrize("settings", [{"class_name": "four"}, {"class_name": "twp"}])
def test_an_unknown_class_is_refused_naming_the_others(squares, settings):
    parsed = FacesSettings.parse({"preset": "squares"} | settings)
    with pytest.raises(InvalidInput, match=r"Invalid class.*one, two|Invalid class.*two"):
        tasks.check(TASK, parsed, {})
    model = File.store(model_zip.pack(squares.folder), "model", "squares.zip")
    with pytest.raises(InvalidInput, match="Invalid class"):
        tasks.run(TASK, parsed, {"model": [model]})


def test_other_generators_have_no_classes_and_no_steps(home):
    tiny_faces.make(paths.ensure_folder("presets") / "tiny")
    for settings, message in (
        ({"class_name": "two"}, "There is no class"),
        ({"form": "denoising"}, "diffusion"),
    ):
        with pytest.raises(InvalidInput, match=message):
            tasks.check(TASK, FacesSettings.parse({"preset": "tiny"} | settings), {})
    with pytest.raises(InvalidInput, match="a diffusion model"):
        list(draw.denoise(tiny_faces.make_generator(), np.zeros((1, 6)), FacesSettings()))


def test_each_step_is_reported_and_can_be_stopped(squares):
    model = models.load(squares)
    z, reports = latent.sample(model, 2, seed=0), []
    settings = FacesSettings(steps=5)
    [images] = draw.decode_batches(model, z, settings, Progress(reports.append))
    assert [report.step for report in reports] == [0, 2, 4, 6, 8, 10, 10] and reports[0].total == 10
    assert images.shape == (2, 28, 28, 3)
    with pytest.raises(Cancelled):
        list(draw.decode_batches(model, z, settings, Progress(cancelled=lambda: True)))


def test_more_noise_than_fits_into_memory_is_refused(squares, monkeypatch):
    monkeypatch.setattr(latent, "MAX_VALUES", 784 * 10)
    with pytest.raises(InvalidInput, match="at most 10 of this model"):
        tasks.run(TASK, FacesSettings.parse({"preset": "squares", "n": 11}), {})


def test_a_worker_is_warmed_by_one_step(squares, monkeypatch):
    generator, counts = models.load(squares), []
    spied = replace(generator, denoise=lambda z, _: iter([counts.append(len(z)), None]))
    monkeypatch.setattr(models, "load", lambda _: spied)
    models.prepare(FacesSettings(preset="squares"))
    assert counts == [1, 64]
