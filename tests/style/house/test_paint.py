"""House styles: by name, at any size, mixed, and errors."""

import io

import numpy as np
import pytest
import tiny_styles
from PIL import Image

from studio.core import recipes, tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io, sample_photos
from studio.core.models import model_zip, presets
from studio.core.progress import Progress
from studio.style import estimate
from studio.style import task as style_task
from studio.style.house import film_grain, known_styles, paint
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer


@pytest.fixture
def tiny(home):
    return tiny_styles.make()


@pytest.fixture(scope="module")
def photo():
    return sample_photos.read_photo("coffee")


def make_settings(*house, **settings):
    return TransferSettings(house=house, **{"network": "tiny", **settings})


def paint_photo(photo, *house, **settings):
    return transfer(photo, settings=make_settings(*house, **settings)).image.astype(int)


def test_a_house_style_result_has_the_set_size_and_names_its_network(tiny, photo):
    result = transfer(photo, settings=make_settings("rain", size=128))
    assert result.image.shape == image_io.fit(photo, 128).shape
    assert result.weights == {"tiny": tiny.digest}


@pytest.mark.parametrize("shape", [(1, 90), (90, 1), (2, 2), (33, 47), (64, 65)])
def test_images_of_any_shape_are_stylized(tiny, shape):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype("uint8")
    network = paint.load_network(tiny)
    result = network.paint(image_io.to_01(image), [0], [1.0])
    assert result.shape == (1, *shape, 3) and np.isfinite(result).all()


def test_flat_areas_get_strokes_that_are_equal_in_every_frame(photo):
    network = paint.load_network(presets.find(known_styles.SHIPPED_NETWORK))
    image = image_io.to_01(image_io.fit(photo, 192))
    image[:, :, 96:] = 0.2
    for name in ("mosaic", "halftone", "woodcut"):
        result, again = (network.paint(image, [network.styles.index(name)], [1.0]) for _ in range(2))
        assert result[0, :, 160:].std(axis=(0, 1)).mean() > 0.03, name  # 8 levels of 255
        np.testing.assert_array_equal(result, again)


def test_grain_is_added_only_where_a_photo_has_none():
    rng = np.random.default_rng(0)
    image = np.full((1, 64, 128, 3), 0.4, "float32")
    image[:, :, 64:] += rng.normal(0, 4 / 255, (1, 64, 64, 3)).astype("float32")
    grain = film_grain.add_grain(image) - image
    assert grain[:, :, :56].std() == pytest.approx(film_grain.DEVIATION / 255, rel=0.1)
    assert np.abs(grain[:, :, 72:]).max() == 0
    assert film_grain.add_grain(np.ones_like(image)).max() == 1


def test_only_the_ratio_of_style_weights_matters(tiny, photo):
    both = ("rain", "sand")
    rain, sand = paint_photo(photo, both[0], size=96), paint_photo(photo, both[1], size=96)
    np.testing.assert_array_equal(paint_photo(photo, *both, size=96, style_weights=(1, 0)), rain)
    mixed = paint_photo(photo, *both, size=96, style_weights=(1, 3))
    np.testing.assert_array_equal(mixed, paint_photo(photo, *both, size=96, style_weights=(2, 6)))
    assert np.abs(mixed - sand).mean() < np.abs(mixed - rain).mean()
    twice = paint_photo(photo, "rain", "sand", "rain", size=96, style_weights=(1, 2, 1))
    np.testing.assert_array_equal(twice, paint_photo(photo, *both, size=96))


def test_strength_interpolates_from_the_photo_to_the_painting(tiny, photo):
    start = image_io.fit(photo, 96).astype(int)
    moved = [np.abs(paint_photo(photo, "rain", size=96, strength=s) - start).mean() for s in (0, 0.5, 1)]
    assert moved[0] < 1 < moved[1] < moved[2]


def test_the_photos_colors_can_be_kept(tiny, photo):
    start = image_io.fit(photo, 96).reshape(-1, 3).astype(float)
    plain, recolored = (
        paint_photo(photo, "rain", size=96, strength=1, keep_colors=how).reshape(-1, 3)
        for how in ("off", "matched")
    )
    off = [np.abs(image.mean(0) - start.mean(0)).max() for image in (plain, recolored)]
    assert off[1] < 5 < off[0]


def test_masks_limit_each_style_to_its_area(tiny, photo):
    left = np.zeros((40, 40, 3), "uint8")
    left[:, :20] = 255
    settings = make_settings("rain", "sand", size=96, strength=1)
    both = transfer(photo, settings=settings, style_masks=[left, 255 - left]).image
    rain, sand = (paint_photo(photo, name, size=96, strength=1) for name in ("rain", "sand"))
    width = both.shape[1]
    np.testing.assert_array_equal(both[:, : width // 2 - 12], rain[:, : width // 2 - 12])
    np.testing.assert_array_equal(both[:, width // 2 + 12 :], sand[:, width // 2 + 12 :])


def test_masks_by_name_take_as_long_as_masks_from_files(photo):
    file = tasks.File.store(image_io.encode_png(photo), "image", "photo.png")
    by_name = make_settings("rain", "sand", mask=("person", "background"))
    of_files = estimate.estimate_seconds(
        make_settings("rain", "sand"), {"content": [file], "mask": [file] * 2}
    )
    assert estimate.estimate_seconds(by_name, {"content": [file]}) == of_files


def test_a_photo_that_cannot_be_read_is_named(tiny):
    file = tasks.File.store(b"no image", "image", "letter.jpg")
    with pytest.raises(InvalidInput, match=r"letter\.jpg"):
        style_task.run(make_settings("rain"), {"content": [file]}, Progress())


def test_with_masks_a_house_style_of_weight_zero_leaves_the_photo(tiny, photo):
    left = np.zeros((40, 40, 3), "uint8")
    left[:, :20] = 255

    def painted(*weights):
        settings = make_settings("rain", "sand", size=96, strength=1, style_weights=weights)
        return transfer(photo, settings=settings, style_masks=[left, 255 - left]).image

    width = painted().shape[1]
    left_area, right_area = np.s_[:, : width // 2 - 12], np.s_[:, width // 2 + 12 :]
    np.testing.assert_array_equal(painted(1, 0)[left_area], painted()[left_area])
    np.testing.assert_array_equal(painted(1, 0)[right_area], image_io.fit(photo, 96)[right_area])
    np.testing.assert_array_equal(painted(0.4, 0.4), painted())


def test_the_recipe_of_a_house_style_result_reproduces_it(tiny, photo):
    content = tasks.File.store(image_io.encode_png(photo), "image", "cup.png")
    settings = make_settings("sand", size=96)
    first = tasks.run("style.transfer", settings, {"content": [content]})
    assert first.files[0].name == "cup-sand.png"
    read = recipes.read(first.files[0].read())
    again = tasks.run("style.transfer", read.parse_settings(), {"content": [content]})
    assert again.files[0].digest == first.files[0].digest


def test_an_uploaded_network_is_an_input_of_the_recipe(tiny, photo):
    content = tasks.File.store(image_io.encode_png(photo), "image", "cup.png")
    network = tasks.File.store(model_zip.pack(tiny.folder), "model", "mine.zip")
    inputs = {"content": [content], "network": [network]}
    result = tasks.run("style.transfer", make_settings("rain", network="house", size=96), inputs)
    assert result.recipe.inputs["network"][0].digest == network.digest
    assert result.recipe.weights == {}
    np.testing.assert_array_equal(image_io.read(result.files[0].read()), paint_photo(photo, "rain", size=96))


def test_an_unknown_style_is_rejected_with_the_closest_name(tiny, photo):
    with pytest.raises(InvalidInput, match="rain"):
        paint_photo(photo, "rian")


@pytest.mark.parametrize("network", ["nowhere", "digits-dcgan"])
def test_a_model_that_is_no_style_network_is_rejected(tiny, photo, network):
    with pytest.raises(InvalidInput, match=network):
        paint_photo(photo, "sand", network=network)


@pytest.mark.parametrize(
    "settings, inputs, message",
    [
        ({"mode": "fine"}, {}, "the mode fine"),
        ({}, {"mask": 2}, "masks"),
        ({}, {"style": 1}, "both"),
        ({"style_weights": (1, 2)}, {}, "2 style weights for 1 style"),
    ],
)
def test_settings_and_inputs_that_conflict_with_house_styles_are_rejected(
    tiny, photo, settings, inputs, message
):
    file = tasks.File.store(image_io.encode_png(photo), "image", "cup.png")
    files = {"content": [file]} | {slot: [file] * count for slot, count in inputs.items()}
    with pytest.raises(InvalidInput, match=message):
        tasks.check("style.transfer", make_settings("rain", **settings), files)


def test_a_transfer_without_any_style_is_rejected(home, photo):
    file = tasks.File.store(image_io.encode_png(photo), "image", "cup.png")
    with pytest.raises(InvalidInput, match="house style"):
        tasks.check("style.transfer", TransferSettings(), {"content": [file]})


def test_weights_that_are_all_zero_are_rejected():
    with pytest.raises(InvalidInput, match="not all 0"):
        TransferSettings.parse({"house": ["mosaic", "wash"], "style_weights": [0, 0]})


def test_the_styles_of_a_network_are_listed_and_none_of_a_missing_one(tiny):
    assert known_styles.list_styles("tiny") == tiny_styles.STYLES
    assert known_styles.list_styles("nowhere") == ()


@pytest.mark.parametrize(
    "file, name",
    [("My Stars.png", "my_stars"), ("wash.png", "wash"), ("Äpfel (2).jpg", "äpfel_2"), (".png", "png")],
)
def test_a_style_is_named_after_its_image_file(file, name):
    assert known_styles.name_of(file) == name


def test_a_mask_on_a_transparent_background_equals_one_on_black(tiny, photo):
    pixels = np.zeros((40, 40, 4), "uint8")
    pixels[:, :20] = 255
    files = []
    for mask in (pixels, pixels[..., :3]):
        buffer = io.BytesIO()
        Image.fromarray(mask).save(buffer, "PNG")
        files.append(tasks.File.store(buffer.getvalue(), "image", "left.png"))
    content = tasks.File.store(image_io.encode_png(photo), "image", "cup.png")
    results = [
        tasks.run("style.transfer", make_settings("sand", size=96), {"content": [content], "mask": [file]})
        for file in files
    ]
    clear, opaque = (image_io.read(result.files[0].read()) for result in results)
    np.testing.assert_array_equal(clear, opaque)
