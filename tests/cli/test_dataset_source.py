"""Data sets on the command line are used in place, and errors in them are reported early."""

from __future__ import annotations

import pytest
from PIL import Image

from studio.core import data
from studio.core.errors import InvalidInput
from studio.core.tasks import Slot
from studio.run import input_files

SLOT = Slot("data", "dataset")


def test_folder_becomes_a_reference(tmp_path, home):
    place = tmp_path / "images"
    place.mkdir()
    for name, level in (("a.png", 10), ("b.png", 20)):
        Image.new("RGB", (9, 9), (level,) * 3).save(place / name)
    file = input_files.read(SLOT, str(place))
    assert file.kind == "dataset"
    assert data.load_dataset(file, 8).images[:, 0, 0, 0].tolist() == [10, 20]


def test_invalid_data_set_is_rejected(tmp_path, home):
    (tmp_path / "words.txt").write_text("words")
    with pytest.raises(InvalidInput, match="tfds:NAME"):
        input_files.read(SLOT, str(tmp_path / "words.txt"))
