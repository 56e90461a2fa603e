"""Classes by hand: what may be in them, what is told, and the archive that they become."""

from __future__ import annotations

import base64
import io
import zipfile

import numpy as np
import pytest
import streamlit as st
from PIL import Image

from pages.classify import by_hand, camera, hand_classes, live_camera
from pages.classify.hand_classes import LONGEST, LONGEST_NAME, MOST_CLASSES, HandClasses, check_name
from pages.form import loose_images, uploads
from pages.gallery import dropped_file
from studio.core import data
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.run import file_checks
from tests.wording import SECOND_SENTENCE


def drawn(seed: int, form: str = "PNG", size: tuple[int, int] = (48, 32)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1] // 8, size[0] // 8, 3), "uint8")
    body = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST).save(body, form)
    return body.getvalue()


@pytest.fixture
def held(home):
    """Two classes, the first with three images and the second with two."""
    held = HandClasses()
    for seed in range(5):
        held.take(1 if seed < 3 else 2, drawn(seed), "an image.png")
    return held


def counts(held):
    return [len(one.images) for one in held.classes]


def test_they_become_an_archive_with_a_folder_for_each_class(held, monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    held.rename(1, "  my   cats ")
    assert held.missing() == ""
    made = loose_images.packed(held.called, held.members(), key="packed", longest=LONGEST)
    assert made.name == "my cats, Class 2.zip"
    found = data.load_dataset(made, 32)
    assert found.classes == ("Class 2", "my cats")
    assert found.labels.tolist() == [0, 0, 1, 1, 1] and not found.broken
    assert loose_images.packed(held.called, held.members(), key="other", longest=LONGEST) == made


def test_each_image_counts_once_and_lies_in_one_class(held):
    assert not held.take(1, drawn(0), "the same.png")
    with pytest.raises(InvalidInput, match=r"again\.png is already in Class 1\. "):
        held.take(2, drawn(0), "again.png")
    with pytest.raises(InvalidInput, match=r"bad\.png"):
        held.take(2, b"no image", "bad.png")
    assert counts(held) == [3, 2]


def test_what_is_larger_than_networks_look_at_is_made_smaller(held):
    held.take(1, drawn(9, "JPEG", (3000, 2000)), "large.jpg")
    *_, last = held.classes[0].images.values()
    assert max(image_io.size(last.read())) == LONGEST
    assert not held.take(1, drawn(9, "JPEG", (3000, 2000)), "large.jpg")


def test_there_are_only_so_many(held, monkeypatch):
    monkeypatch.setattr(hand_classes, "MOST", 5)
    with pytest.raises(InvalidInput, match=r"the limit of 5 images\. For more, put"):
        held.take(1, drawn(7), "sixth.png")
    while len(held.classes) < MOST_CLASSES:
        held.add()
    with pytest.raises(InvalidInput, match="put"):
        held.add()
    assert len({one.name for one in held.classes}) == MOST_CLASSES


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
        "a" * (LONGEST_NAME + 1),
    ],
)
def test_a_class_has_a_name_of_its_own_that_a_folder_can_have(name):
    with pytest.raises(InvalidInput, match=SECOND_SENTENCE):
        check_name(name, ["cats"])


def test_a_name_that_cannot_be_leaves_the_old_one(held):
    with pytest.raises(InvalidInput, match="already a class called Class 2"):
        held.rename(1, "class 2")
    assert [one.name for one in held.classes] == ["Class 1", "Class 2"]


def test_what_is_missing_is_said(held):
    held.add()
    assert "Class 3" in held.missing()
    held.delete(3)
    held.rename(1, "train")
    held.rename(2, "test")
    assert "Rename one" in held.missing()
    held.delete(2)
    assert "another class" in held.missing()


def test_what_was_taken_away_comes_back_and_what_came_since_stays(held):
    first = next(iter(held.classes[0].images))
    held.remove(1, {first})
    assert counts(held) == [2, 2]
    held.take(1, drawn(20), "new.png")
    held.undo()
    assert counts(held) == [4, 2] and first in held.classes[0].images and not held.can_undo
    held.delete(2)
    assert counts(held) == [4]
    held.undo()
    assert counts(held) == [4, 2]
    held.remove(1, {first})
    held.take(2, drawn(0), "elsewhere.png")
    held.undo()
    assert counts(held) == [3, 3], "an image came back into two classes"


def test_a_image_is_moved_to_another_class(held):
    first = next(iter(held.classes[0].images))
    held.move(1, {first}, 2)
    assert counts(held) == [2, 3] and first in held.classes[1].images


def test_the_camera_gives_images_and_what_else_a_browser_sends_is_left_out(held, monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    good = "data:image/jpeg;base64," + base64.b64encode(drawn(30, "JPEG")).decode()
    told = [good, 7, None, "data:text/html;base64,PGI+", "data:image/jpeg;base64,%%", {"a": 1}]
    assert len(camera._images(told)) == 1
    assert camera._images("no list") == [] and camera._images(None) == []
    assert len(camera._images([good] * 100)) == camera.MOST_AT_ONCE
    by_hand._shoot(held, 2, "slot", [*camera._images(told), b"\xff\xd8\xff cut"])
    assert counts(held) == [3, 3]
    assert len(st.session_state[uploads.FAULT][1]) == 1


def test_an_archive_is_gone_on_with_by_hand(held, monkeypatch):
    monkeypatch.setattr(st, "session_state", {})
    held.rename(1, "cats")
    made = loose_images.packed(held.called, held.members(), key="packed", longest=LONGEST)
    new = HandClasses()
    assert new.bring(made, Progress()) == 0
    assert {one.name: set(one.images) for one in new.classes} == {
        one.name: set(one.images) for one in held.classes
    }
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("top/CATS/new.png", drawn(50))
        archive.writestr("top/a:b?/other.png", drawn(51))
        archive.writestr("top/a:b?/broken.png", b"no image")
        archive.writestr("top/a:b?/elsewhere.png", drawn(0))
    assert new.bring(File.keep(body.getvalue(), "dataset", "more.zip"), Progress()) == 1
    assert {one.name: len(one.images) for one in new.classes} == {"CATS": 1, "a-b-": 2}
    new.undo()
    assert {one.name: len(one.images) for one in new.classes} == {
        "cats": 2,
        "Class 2": 2,
        "CATS": 1,
        "a-b-": 2,
    }
    with pytest.raises(InvalidInput):
        new.bring(File.keep(b"PK no archive", "dataset", "bad.zip"), Progress())
    assert len(new) == 7


def test_images_are_checked_with_little_memory_before_they_are_decoded_here(held, monkeypatch):
    def refused(kind, data, name):
        raise InvalidInput(f"{kind} {name} takes too much memory.")

    monkeypatch.setattr(image_io, "read", None)
    monkeypatch.setattr(file_checks, "check_bytes", refused)
    with pytest.raises(InvalidInput, match=r"image large\.png takes"):
        held.take(1, drawn(9), "large.png")
    with pytest.raises(InvalidInput, match=r"image large\.png takes"):
        dropped_file._take(drawn(9), "large.png")
    monkeypatch.setattr(st, "session_state", session := {})
    live_camera._look(None, [drawn(9)])
    assert session[live_camera._FAULT] == "1 image camera.jpg takes too much memory."
