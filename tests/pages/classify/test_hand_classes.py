"""Classes by hand: accepted images, messages, and the resulting archive."""

from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from pages.classify import by_hand, camera, hand_classes, live_predictions
from pages.classify.hand_classes import MAX_CLASSES, MAX_NAME_LENGTH, MAX_SIDE, HandClasses, check_name
from pages.form import loose_images
from pages.gallery import outside_file
from pages.widgets import page_errors
from studio.core import data
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.run import file_checks
from tests.wording import SECOND_SENTENCE


def encode_image(seed: int, form: str = "PNG", size: tuple[int, int] = (48, 32)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1] // 8, size[0] // 8, 3), "uint8")
    body = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST).save(body, form)
    return body.getvalue()


@pytest.fixture
def example_classes(home):
    """Two classes, the first with three images and the second with two."""
    classes = HandClasses()
    for seed in range(5):
        classes.add_image(1 if seed < 3 else 2, encode_image(seed), "an image.png")
    return classes


def count_images(example_classes):
    return [len(image_class.images) for image_class in example_classes.classes]


def test_classes_are_packed_into_one_folder_each(example_classes, monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    example_classes.rename(1, "  my   cats ")
    assert example_classes.describe_requirement() == ""
    archive = loose_images.pack(
        example_classes.archive_name, example_classes.list_members(), key="packed", longest=MAX_SIDE
    )
    assert archive.name == "my cats, Class 2.zip"
    dataset = data.load_dataset(archive, 32)
    assert dataset.classes == ("Class 2", "my cats")
    assert dataset.labels.tolist() == [0, 0, 1, 1, 1] and not dataset.broken
    assert (
        loose_images.pack(
            example_classes.archive_name, example_classes.list_members(), key="other", longest=MAX_SIDE
        )
        == archive
    )


def test_each_image_counts_once_and_belongs_to_one_class(example_classes):
    assert not example_classes.add_image(1, encode_image(0), "the same.png")
    with pytest.raises(InvalidInput, match=r"again\.png is already in Class 1\. "):
        example_classes.add_image(2, encode_image(0), "again.png")
    with pytest.raises(InvalidInput, match=r"bad\.png"):
        example_classes.add_image(2, b"no image", "bad.png")
    assert count_images(example_classes) == [3, 2]


def test_large_images_are_scaled_down(example_classes):
    example_classes.add_image(1, encode_image(9, "JPEG", (3000, 2000)), "large.jpg")
    *_, last = example_classes.classes[0].images.values()
    assert max(image_io.read_size(last.read())) == MAX_SIDE
    assert not example_classes.add_image(1, encode_image(9, "JPEG", (3000, 2000)), "large.jpg")


def test_number_of_images_is_limited(example_classes, monkeypatch):
    monkeypatch.setattr(hand_classes, "MAX_IMAGES", 5)
    with pytest.raises(InvalidInput, match=r"the limit of 5 images\. For more, put"):
        example_classes.add_image(1, encode_image(7), "sixth.png")
    while len(example_classes.classes) < MAX_CLASSES:
        example_classes.add()
    with pytest.raises(InvalidInput, match="put"):
        example_classes.add()
    assert len({image_class.name for image_class in example_classes.classes}) == MAX_CLASSES


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a/b",
        "a\\b",
        "C:",
        "..",
        ".hidden",
        "ends.",
        "what?",
        "a\nb",
        "__MACOSX",
        "CATS",
        "a" * (MAX_NAME_LENGTH + 1),
    ],
)
def test_class_names_are_unique_and_valid_folder_names(name):
    with pytest.raises(InvalidInput, match=SECOND_SENTENCE):
        check_name(name, ["cats"])


def test_invalid_name_keeps_the_old_one(example_classes):
    with pytest.raises(InvalidInput, match="already a class called Class 2"):
        example_classes.rename(1, "class 2")
    assert [image_class.name for image_class in example_classes.classes] == ["Class 1", "Class 2"]


def test_missing_images_are_reported(example_classes):
    example_classes.add()
    assert "Class 3" in example_classes.describe_requirement()
    example_classes.delete(3)
    example_classes.rename(1, "train")
    example_classes.rename(2, "test")
    assert "Rename one" in example_classes.describe_requirement()
    example_classes.delete(2)
    assert "another class" in example_classes.describe_requirement()


def test_undo_restores_removed_images_and_keeps_later_ones(example_classes):
    first = next(iter(example_classes.classes[0].images))
    example_classes.remove(1, {first})
    assert count_images(example_classes) == [2, 2]
    example_classes.add_image(1, encode_image(20), "new.png")
    example_classes.undo()
    assert (
        count_images(example_classes) == [4, 2]
        and first in example_classes.classes[0].images
        and not example_classes.can_undo
    )
    example_classes.delete(2)
    assert count_images(example_classes) == [4]
    example_classes.undo()
    assert count_images(example_classes) == [4, 2]
    example_classes.remove(1, {first})
    example_classes.add_image(2, encode_image(0), "elsewhere.png")
    example_classes.undo()
    assert count_images(example_classes) == [3, 3], "an image came back into two classes"


def test_image_is_moved_to_another_class(example_classes):
    first = next(iter(example_classes.classes[0].images))
    example_classes.move(1, {first}, 2)
    assert count_images(example_classes) == [2, 3] and first in example_classes.classes[1].images


def test_camera_images_are_added_and_invalid_messages_ignored(example_classes, monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    good = "data:image/jpeg;base64," + base64.b64encode(encode_image(30, "JPEG")).decode()
    values = [good, 7, None, "data:text/html;base64,PGI+", "data:image/jpeg;base64,%%", {"a": 1}]
    assert len(camera._decode_images(values)) == 1
    large = camera._HEAD + base64.b64encode(image_io.encode_png(np.zeros((8, 641, 3), "uint8"))).decode()
    assert camera._decode_images([large]) == []
    assert camera._decode_images("no list") == [] and camera._decode_images(None) == []
    assert len(camera._decode_images([good] * 100)) == camera.MAX_IMAGES_PER_MESSAGE
    by_hand._add_camera_images(
        example_classes, 2, "slot", [*camera._decode_images(values), b"\xff\xd8\xff cut"]
    )
    assert count_images(example_classes) == [3, 3]
    assert len(st.session_state[page_errors.ERRORS_KEY][1]) == 1


def test_archive_is_continued_by_hand(example_classes, monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    example_classes.rename(1, "cats")
    packed = loose_images.pack(
        example_classes.archive_name, example_classes.list_members(), key="packed", longest=MAX_SIDE
    )
    new = HandClasses()
    assert new.load_archive(packed, Progress()) == 0
    assert {image_class.name: set(image_class.images) for image_class in new.classes} == {
        image_class.name: set(image_class.images) for image_class in example_classes.classes
    }
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("top/CATS/new.png", encode_image(50))
        archive.writestr("top/a:b?/other.png", encode_image(51))
        archive.writestr("top/a:b?/broken.png", b"no image")
        archive.writestr("top/a:b?/elsewhere.png", encode_image(0))
    assert new.load_archive(File.store(body.getvalue(), "dataset", "more.zip"), Progress()) == 1
    assert {image_class.name: len(image_class.images) for image_class in new.classes} == {
        "CATS": 1,
        "a-b-": 2,
    }
    new.undo()
    assert {image_class.name: len(image_class.images) for image_class in new.classes} == {
        "cats": 2,
        "Class 2": 2,
        "CATS": 1,
        "a-b-": 2,
    }
    with pytest.raises(InvalidInput):
        new.load_archive(File.store(b"PK no archive", "dataset", "bad.zip"), Progress())
    assert len(new) == 7


def test_images_are_checked_before_they_are_decoded(example_classes, monkeypatch):
    def refuse(kind, data, name):
        raise InvalidInput(f"{kind} {name} takes too much memory.")

    monkeypatch.setattr(image_io, "read", None)
    monkeypatch.setattr(file_checks, "check_bytes", refuse)
    with pytest.raises(InvalidInput, match=r"image large\.png takes"):
        example_classes.add_image(1, encode_image(9), "large.png")
    with pytest.raises(InvalidInput, match=r"image large\.png takes"):
        outside_file._open_upload(encode_image(9), "large.png")
    monkeypatch.setattr(st, "session_state", session := {})
    live_predictions._classify_newest(None, [encode_image(9)])
    assert session[live_predictions._FAULT_KEY] == "1 image camera.jpg takes too much memory."
