"""Images that were saved again count as repeats; similar drawings do not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from studio.core import data
from studio.core.data import ImageDataset, repeats, sample_sets
from studio.core.errors import Cancelled
from studio.core.imaging import sample_photos
from studio.core.progress import Progress
from training.drawings import avatars

SIZE = 64


def dataset(*images: Image.Image | np.ndarray) -> ImageDataset:
    originals = [Image.fromarray(image) if isinstance(image, np.ndarray) else image for image in images]
    pixels = np.stack(
        [np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)) for image in originals]
    )
    sizes = np.array([(image.height, image.width) for image in originals])
    return ImageDataset(pixels, tuple(f"{n}.png" for n in range(len(pixels))), sizes=sizes)


def photo(name: str) -> Image.Image:
    return Image.fromarray(sample_photos.read_photo(name)).convert("RGB")


def saved(image: Image.Image, quality: int) -> Image.Image:
    body = io.BytesIO()
    image.save(body, "JPEG", quality=quality)
    return Image.open(body).convert("RGB")


def firsts(*images: Image.Image | np.ndarray) -> dict[int, int]:
    result = repeats.find(dataset(*images))
    return dict(zip(result.rows.tolist(), result.firsts.tolist(), strict=True))


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket", "camera"])
def test_a_photo_saved_again_smaller_or_brighter_shows_the_same(name):
    one, other = photo(name), photo("hubble_deep_field")
    brighter = one.point(lambda level: min(255, round(level * 0.92 + 30)))
    assert firsts(one, other, saved(one, 90), saved(one, 15), one.reduce(4), brighter) == {
        2: 0,
        3: 0,
        4: 0,
        5: 0,
    }


def test_each_is_the_same_as_one_that_stays_however_many_there_are():
    many = [saved(photo("coffee"), 20 + n) for n in range(70)]
    assert firsts(photo("chelsea"), *many) == {n: 1 for n in range(2, 71)}


def test_the_larger_one_stays():
    one = photo("coffee")
    assert firsts(photo("rocket"), one.reduce(4), saved(one, 60), one) == {1: 2, 3: 2}


def test_in_gray_too():
    gray = np.asarray(dataset(photo("coffee"), saved(photo("coffee"), 30), photo("rocket")).images)
    one_channel = gray.mean(axis=3, keepdims=True).astype("uint8")
    result = repeats.find(ImageDataset(one_channel, ("a", "b", "c"), sizes=np.full((3, 2), SIZE)))
    assert result.rows.tolist() == [1] and result.firsts.tolist() == [0] and result.correlations[0] > 0.98


def icon(color: str = "red", eye: bool = False, ground: str = "white") -> Image.Image:
    image = Image.new("RGB", (SIZE, SIZE), ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, 52, 52), fill=color)
    if eye:
        draw.ellipse((24, 24, 30, 30), fill="black")
    return image


def test_another_color_one_thing_more_a_mirrored_or_a_cropped_one_is_another_image():
    coffee = photo("coffee")
    mirrored, cropped = coffee.transpose(Image.Transpose.FLIP_LEFT_RIGHT), coffee.crop((40, 40, 360, 360))
    assert not firsts(icon(), icon("green"), icon("orange"), icon(eye=True), icon(ground="lightblue"))
    assert not firsts(coffee, mirrored, cropped)


def test_dark_and_empty_ones_are_not_all_the_same():
    rng = np.random.default_rng(0)
    night = [rng.integers(0, 24, (8, 8, 3)).astype("uint8").repeat(8, 0).repeat(8, 1) for _ in range(20)]
    flat = [np.full((SIZE, SIZE, 3), level, "uint8") for level in range(0, 200, 10)]
    assert not firsts(*night, *flat)


def test_drawn_faces_and_digits_are_not_taken_for_the_same():
    faces = np.stack([avatars.draw(np.random.default_rng(seed), SIZE)[0] for seed in range(60)])
    assert not len(repeats.find(dataset(*faces)).rows)
    digits = data.load_dataset(sample_sets.store("sample:digits"), SIZE)
    assert not len(repeats.find(digits).rows)


def test_of_very_many_the_first_ones_are_compared(monkeypatch):
    monkeypatch.setattr(repeats, "MOST_IMAGES", 3)
    one = photo("coffee")
    result = repeats.find(dataset(one, photo("rocket"), saved(one, 50), saved(one, 40)))
    assert result.compared_count == 3 and result.rows.tolist() == [2]


def test_it_can_be_stopped():
    with pytest.raises(Cancelled):
        repeats.find(dataset(photo("coffee"), photo("rocket")), Progress(cancelled=lambda: True))
