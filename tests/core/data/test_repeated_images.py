"""Images that were saved again count as repeats; similar drawings do not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageDraw

from studio.core import data
from studio.core.data import ImageDataset, repeated_images, sample_sets
from studio.core.errors import Cancelled
from studio.core.imaging import sample_photos
from studio.core.progress import Progress
from training.drawings import avatars

SIZE = 64


def make_dataset(*images: Image.Image | np.ndarray) -> ImageDataset:
    originals = [Image.fromarray(image) if isinstance(image, np.ndarray) else image for image in images]
    pixels = np.stack(
        [np.asarray(image.resize((SIZE, SIZE), Image.Resampling.LANCZOS)) for image in originals]
    )
    sizes = np.array([(image.height, image.width) for image in originals])
    return ImageDataset(pixels, tuple(f"{n}.png" for n in range(len(pixels))), sizes=sizes)


def load_photo(name: str) -> Image.Image:
    return Image.fromarray(sample_photos.read_photo(name)).convert("RGB")


def recompress(image: Image.Image, quality: int) -> Image.Image:
    body = io.BytesIO()
    image.save(body, "JPEG", quality=quality)
    return Image.open(body).convert("RGB")


def find_originals(*images: Image.Image | np.ndarray) -> dict[int, int]:
    result = repeated_images.find(make_dataset(*images))
    return dict(zip(result.rows.tolist(), result.originals.tolist(), strict=True))


@pytest.mark.parametrize("name", ["chelsea", "astronaut", "coffee", "rocket", "camera"])
def test_recompressed_smaller_and_brighter_copies_are_repeats(name):
    original, other = load_photo(name), load_photo("hubble_deep_field")
    brighter = original.point(lambda level: min(255, round(level * 0.92 + 30)))
    assert find_originals(
        original, other, recompress(original, 90), recompress(original, 15), original.reduce(4), brighter
    ) == {
        2: 0,
        3: 0,
        4: 0,
        5: 0,
    }


def test_every_repeat_refers_to_an_image_that_is_kept():
    copies = [recompress(load_photo("coffee"), 20 + n) for n in range(70)]
    assert find_originals(load_photo("chelsea"), *copies) == {n: 1 for n in range(2, 71)}


def test_the_largest_copy_is_kept():
    coffee = load_photo("coffee")
    assert find_originals(load_photo("rocket"), coffee.reduce(4), recompress(coffee, 60), coffee) == {
        1: 2,
        3: 2,
    }


def test_gray_repeats_are_found():
    gray = np.asarray(
        make_dataset(load_photo("coffee"), recompress(load_photo("coffee"), 30), load_photo("rocket")).images
    )
    one_channel = gray.mean(axis=3, keepdims=True).astype("uint8")
    result = repeated_images.find(ImageDataset(one_channel, ("a", "b", "c"), sizes=np.full((3, 2), SIZE)))
    assert result.rows.tolist() == [1] and result.originals.tolist() == [0] and result.correlations[0] > 0.98


def draw_icon(color: str = "red", eye: bool = False, ground: str = "white") -> Image.Image:
    image = Image.new("RGB", (SIZE, SIZE), ground)
    draw = ImageDraw.Draw(image)
    draw.ellipse((12, 12, 52, 52), fill=color)
    if eye:
        draw.ellipse((24, 24, 30, 30), fill="black")
    return image


def test_recolored_edited_mirrored_and_cropped_images_are_not_repeats():
    coffee = load_photo("coffee")
    mirrored, cropped = coffee.transpose(Image.Transpose.FLIP_LEFT_RIGHT), coffee.crop((40, 40, 360, 360))
    assert not find_originals(
        draw_icon(),
        draw_icon("green"),
        draw_icon("orange"),
        draw_icon(eye=True),
        draw_icon(ground="lightblue"),
    )
    assert not find_originals(coffee, mirrored, cropped)


def test_dark_and_flat_images_are_not_repeats():
    rng = np.random.default_rng(0)
    night = [rng.integers(0, 24, (8, 8, 3)).astype("uint8").repeat(8, 0).repeat(8, 1) for _ in range(20)]
    flat = [np.full((SIZE, SIZE, 3), level, "uint8") for level in range(0, 200, 10)]
    assert not find_originals(*night, *flat)


def test_drawn_faces_and_digits_are_not_repeats():
    faces = np.stack([avatars.draw(np.random.default_rng(seed), SIZE)[0] for seed in range(60)])
    assert not len(repeated_images.find(make_dataset(*faces)).rows)
    digits = data.load_dataset(sample_sets.store("sample:digits"), SIZE)
    assert not len(repeated_images.find(digits).rows)


def test_only_the_first_images_of_a_large_set_are_compared(monkeypatch):
    monkeypatch.setattr(repeated_images, "MAX_IMAGES", 3)
    coffee = load_photo("coffee")
    result = repeated_images.find(
        make_dataset(coffee, load_photo("rocket"), recompress(coffee, 50), recompress(coffee, 40))
    )
    assert result.compared_count == 3 and result.rows.tolist() == [2]


def test_finding_repeats_can_be_canceled():
    with pytest.raises(Cancelled):
        repeated_images.find(
            make_dataset(load_photo("coffee"), load_photo("rocket")), Progress(cancelled=lambda: True)
        )
