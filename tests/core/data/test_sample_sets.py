"""Sample data sets are deterministic and load like any other."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from studio.core import data, paths
from studio.core.data import near_duplicates, sample_sets
from studio.core.errors import Cancelled, InvalidInput
from studio.core.progress import Progress

FACTS = {"smile", "glasses", "hat", "beard", "hair_length"}


@pytest.fixture(scope="module")
def cartoons(session_home):
    return sample_sets.store("sample:cartoons")


@pytest.mark.slow
def test_cartoons_load_like_any_data_set_of_classes(cartoons, session_home):
    dataset = data.load_dataset(cartoons, 64)
    assert dataset.classes == sample_sets.list_sets()["cartoons"].classes == ("glasses", "hat", "plain")
    assert np.bincount(dataset.labels).tolist() == [32] * 3
    assert not dataset.notes  # nothing broken, and no copies
    assert len({image.tobytes() for image in dataset.images}) == 96
    assert cartoons.path.stat().st_size < 2**21


@pytest.mark.slow
def test_the_class_of_long_hair_has_the_longest_hair(home):
    rows = data.load_dataset(sample_sets.store("sample:hair"), 64)
    assert rows.classes == ("bald", "long", "round", "spikes")
    assert np.bincount(rows.labels).tolist() == [24] * 4
    # Next to the neck is hair or background; long hair hides more of the background.
    neck_sides = rows.images[:, 34:44, 8:18].astype("float32").std(axis=(1, 2)).mean(axis=1)
    means = [neck_sides[rows.labels == n].mean() for n in range(4)]
    assert max(means) == means[1]


@pytest.mark.parametrize("name", sample_sets.list_names())
def test_sample_sets_are_deterministic(name, session_home):
    file = sample_sets.store(f"sample:{name}")
    again = sample_sets.store(f"sample:{name}")
    assert again == file
    file.path.unlink()  # as after the studio's cleanup
    again = sample_sets.store(f"sample:{name}")
    assert again == file and paths.file_digest(again.path) == file.digest


def test_an_unknown_name_gets_a_suggestion(home):
    with pytest.raises(InvalidInput, match=r"cartons. Did you mean cartoons. Use one of cartoons"):
        sample_sets.store("sample:cartons")
    with pytest.raises(InvalidInput, match="cartoons, photos, avatars, hair, digits"):
        sample_sets.store("sample:../../etc/passwd")


@pytest.mark.slow
@pytest.mark.parametrize("name, side", [("avatars", 64), ("digits", 32)])
def test_sample_sets_for_generators_are_large_and_without_copies(name, side, session_home):
    file = sample_sets.store(f"sample:{name}")
    dataset = data.load_dataset(file, side, min_images=64)
    assert dataset.labels is None and len(dataset.names) >= 1000
    assert (dataset.sizes == side).all() and not dataset.notes
    assert set(dataset.attributes) == (FACTS if name == "avatars" else set())


@pytest.mark.slow
def test_digits_are_read_without_importing_scikit_learn(tmp_path):
    code = "import sys; from studio.core.data import sample_sets as s; s.store('sample:digits'); "
    code += "sys.stdout.write(str('sklearn' in sys.modules))"
    environment = os.environ | {"STUDIO_HOME": str(tmp_path)}
    process = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert process.stdout == "False"


def test_canceling_leaves_no_files(home):
    with pytest.raises(Cancelled):
        sample_sets.store("sample:photos", Progress(cancelled=lambda: True))
    assert not [*home.glob("files/*"), *home.glob("cache/*")]


@pytest.mark.slow
@pytest.mark.parametrize("name", sample_sets.list_sets())
def test_sample_faces_have_no_near_duplicates(name, session_home):
    dataset = data.load_dataset(sample_sets.store(f"sample:{name}"), 224)
    assert not len(near_duplicates.find(dataset).pairs)


def test_sample_photos_differ(home):
    dataset = data.load_dataset(sample_sets.store("sample:photos"), 64)
    assert dataset.images.shape == (96, 64, 64, 3) and not dataset.copies
    assert dataset.labels is None
