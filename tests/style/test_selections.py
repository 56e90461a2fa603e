"""Styles that go to the person, the background or the faces, and faces that stay."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.masks import selection, task_masks
from studio.core.models import model_zip, presets
from studio.core.tasks import File
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer

SIZE = 160


@pytest.fixture(autouse=True)
def networks(weights_home):
    """The weights of the networks."""


@pytest.fixture(scope="module")
def portrait():
    return image_io.fit(sample_photos.read_photo("astronaut"), SIZE)


def stylize(photo, *house, **settings):
    return transfer(photo, settings=TransferSettings(house=house, size=SIZE, **settings)).image


def read_difference(a, b):
    return np.abs(a.astype("int32") - b).max(axis=2)


def test_person_and_background_get_a_style_each(portrait):
    both = stylize(portrait, "mosaic", "wash", mask=("person", "background"))
    person = selection.select(portrait, "person")
    mosaic, wash = (read_difference(both, stylize(portrait, style)) for style in ("mosaic", "wash"))
    assert mosaic[person > 0.99].mean() < 3 < wash[person > 0.99].mean()
    assert wash[person < 0.01].mean() < 3 < mosaic[person < 0.01].mean()


def test_everything_outside_the_only_mask_stays(portrait):
    image = stylize(portrait, "mosaic", mask=("background",))
    difference, person = read_difference(image, portrait), selection.select(portrait, "person")
    assert difference[person == 1].max() <= 1 < 10 < difference[person < 0.01].mean()


def test_preserved_faces_stay_and_a_photo_without_any_gets_a_note(portrait):
    face = selection.select(portrait, "face")
    difference = read_difference(stylize(portrait, "mosaic", preserve_faces=True), portrait)
    assert difference[face == 1].max() <= 1 < 10 < difference[face == 0].mean()
    settings = TransferSettings(house=("mosaic",), size=64, preserve_faces=True)
    result = transfer(sample_photos.read_photo("rocket"), settings=settings)
    assert result.figures["notes"] == ["No face found, so none was preserved."]
    np.testing.assert_array_equal(
        result.image,
        transfer(
            sample_photos.read_photo("rocket"), settings=settings.model_copy(update={"preserve_faces": False})
        ).image,
    )


def test_the_recipe_names_the_selection_and_its_network_and_repeats_it(portrait):
    content = File.store(image_io.encode_png(portrait), "image", "portrait.png")
    settings = TransferSettings(house=("mosaic",), size=64, mask=("person",), mask_feather=2)
    first = tasks.run("style.transfer", settings, {"content": [content]})
    recipe = recipes.read(first.files[0].read())
    assert recipe.settings["mask"] == ["person"] and "mask" not in recipe.inputs
    assert set(recipe.weights) == {"house", "selfie-segmentation"}
    again = tasks.run("style.transfer", recipe.parse_settings(), {"content": [content]})
    assert again.files[0].digest == first.files[0].digest


def test_the_recipe_names_the_selecting_network_also_with_an_uploaded_one(portrait):
    content = File.store(image_io.encode_png(portrait), "image", "portrait.png")
    network = File.store(model_zip.pack(presets.find("house").folder), "model", "mine.zip")
    settings = TransferSettings(house=("mosaic",), size=64, mask=("person",))
    result = tasks.run("style.transfer", settings, {"content": [content], "network": [network]})
    assert set(result.recipe.weights) == {"selfie-segmentation"}


def test_a_file_of_the_selection_gives_nearly_the_same_result(portrait):
    mask = task_masks.to_levels(selection.select(portrait, "person"))
    settings = TransferSettings(house=("mosaic",), size=SIZE)
    painted = transfer(portrait, settings=settings, style_masks=[mask]).image
    selected = stylize(portrait, "mosaic", mask=("person",))
    assert read_difference(painted, selected).max() <= 1, "a file has 256 levels"


@pytest.mark.parametrize(
    "settings, masks, message",
    [
        ({"mask": ("person",)}, 1, "either names or files"),
        ({"mask": ("person", "face")}, 0, "2 masks for 1 style"),
    ],
)
def test_selections_that_do_not_fit_are_refused(portrait, settings, masks, message):
    file = File.store(image_io.encode_png(portrait), "image", "portrait.png")
    inputs = {"content": [file], "mask": [file] * masks}
    with pytest.raises(InvalidInput, match=message):
        tasks.check("style.transfer", TransferSettings(house=("mosaic",), **settings), inputs)


def test_a_photo_without_a_person_is_refused():
    with pytest.raises(InvalidInput, match=r"^No person found\. Paint the mask\.$"):
        stylize(sample_photos.read_photo("rocket"), "mosaic", mask=("person",))
