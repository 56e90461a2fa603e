"""The classes of a data set that a generator learns."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.data import ImageDataset
from studio.core.errors import InvalidInput
from studio.core.generators import classes
from studio.core.generators.classes import MAX_NAME_CHARACTERS


def make_dataset(*names: str) -> ImageDataset:
    count = len(names)
    images = np.zeros((count, 28, 28, 1), "uint8")
    return ImageDataset(images, names, np.arange(count) if count > 1 else None, names)


def test_classes_are_learned_unless_turned_off():
    assert classes.select(make_dataset("a", "b"), conditional=True) == (("a", "b"), [])
    assert classes.select(make_dataset("a", "b"), conditional=False) == ((), [])
    assert classes.select(make_dataset("a"), conditional=True) == ((), [])


@pytest.mark.parametrize("name", ["", "x" * (MAX_NAME_CHARACTERS + 1)])
def test_names_that_a_model_cannot_store_are_ignored_with_a_note(name):
    names, [note] = classes.select(make_dataset("a", name), conditional=True)
    assert names == () and "names of 1 to 200 characters" in note


def test_a_start_model_must_have_the_same_classes():
    classes.check_same(("a", "b"), ("a", "b"))
    classes.check_same((), ())
    with pytest.raises(InvalidInput, match=r"no classes\. Use the classes a, b\."):
        classes.check_same((), ("a", "b"))
