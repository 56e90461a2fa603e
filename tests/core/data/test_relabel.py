"""Relabeling writes a new archive and leaves the original unchanged."""

from __future__ import annotations

import io
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from studio.core import data
from studio.core.data import arrays, names, relabel
from studio.core.errors import InvalidInput
from studio.core.tasks import File
from tests.wording import SECOND_SENTENCE


def encode_image(seed: int) -> bytes:
    body = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (24, 24, 3), "uint8")).save(body, "PNG")
    return body.getvalue()


FILES = {
    "shapes/train/red/0.png": encode_image(0),
    "shapes/train/red/near/1.png": encode_image(1),
    "shapes/train/blue/0.png": encode_image(2),
    "shapes/test/blue/5.png": encode_image(3),
    "shapes/test/green/6.png": encode_image(4),
    "shapes/test/green/7.png": encode_image(5),
    "shapes/test/green/again.png": encode_image(4),
    "shapes/test/green/broken.png": b"no image",
    "__MACOSX/._0.png": b"junk",
}


def make_zip(files=FILES) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return body.getvalue()


def make_tar(files=FILES) -> bytes:
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return body.getvalue()


def list_classes(dataset: data.ImageDataset) -> dict[str, str]:
    return {
        name: dataset.classes[label] for name, label in zip(dataset.names, dataset.known_labels, strict=True)
    }


@pytest.mark.parametrize("packed", [make_zip, make_tar])
def test_images_move_to_their_class_and_the_original_is_unchanged(packed, home):
    original = packed()
    file = File.store(original, "dataset", "shapes.zip")
    before = list_classes(data.load_dataset(file, 24))
    changes = {"shapes/train/red/0.png": "blue", "shapes/test/blue/5.png": ""}
    archive = relabel.apply_changes(file, changes, "shapes corrected.zip")
    after = list_classes(data.load_dataset(archive, 24))
    del before["shapes/train/red/0.png"], before["shapes/test/blue/5.png"]
    assert after == before | {"shapes/train/blue/0 2.png": "blue"}, "a file of that name was there"
    assert file.read() == original and archive.name == "shapes corrected.zip"
    assert relabel.apply_changes(file, changes, "again.zip").digest == archive.digest
    assert not [path for path in (home / "cache").rglob("*.zip")]


def test_copied_files_are_unchanged(home):
    file = File.store(make_zip(), "dataset", "shapes.zip")
    corrected = relabel.apply_changes(file, {"shapes/train/red/0.png": "green"}, "new.zip")
    with zipfile.ZipFile(corrected.path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    assert contents.pop("shapes/train/green/0.png") == FILES["shapes/train/red/0.png"]
    assert contents == {name: FILES[name] for name in contents} and "__MACOSX/._0.png" not in contents


def test_highly_compressed_images_stay_compressed(home):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(12):
            archive.writestr(f"{'red' if n % 2 else 'blue'}/{n}.bmp", bytes([n]) * 2**20)
    file = File.store(body.getvalue(), "dataset", "grows.zip")
    corrected = relabel.apply_changes(file, {"red/1.bmp": ""}, "new.zip")
    assert corrected.path.stat().st_size < 2 * 2**20
    with zipfile.ZipFile(corrected.path) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 11


def test_copies_of_a_removed_image_are_removed(home):
    file = File.store(make_zip(), "dataset", "shapes.zip")
    dataset = data.load_dataset(file, 24)
    changes = relabel.add_copies({"shapes/test/green/6.png": ""}, dataset)
    left = data.load_dataset(relabel.apply_changes(file, changes, "new.zip"), 24)
    assert not [name for name in left.names if name.endswith(("6.png", "again.png"))]
    assert relabel.summarize([""]) == "1 removed" and relabel.summarize(["", "", "a"]) == "2 removed, 1 moved"


def test_array_images_become_files_in_class_folders(home, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3), "uint8")
    arrays.write(tmp_path / "a.npz", {"x": images, "y": np.array(["a/b", "..", "a/b", "..", "a/b", ".."])})
    file = File.store((tmp_path / "a.npz").read_bytes(), "dataset", "a.npz")
    dataset = data.load_dataset(file, 16)
    archive = relabel.apply_changes(file, {dataset.names[0]: "..", dataset.names[5]: ""}, "new.zip")
    after = data.load_dataset(archive, 16)
    assert after.classes == ("a-b", "unnamed") and np.bincount(after.labels).tolist() == [2, 3]
    assert np.array_equal(after.images[after.names.index("unnamed/000000.png")], images[0])


def test_removing_all_images_or_a_damaged_archive_is_refused(home):
    file = File.store(make_zip(), "dataset", "shapes.zip")
    with pytest.raises(InvalidInput, match=r"No images of shapes\.zip would be left\. "):
        relabel.apply_changes(file, dict.fromkeys(FILES, ""), "new.zip")
    cut = File.store(make_zip().replace(encode_image(2)[-60:], bytes(60)), "dataset", "cut.zip")
    with pytest.raises(InvalidInput, match=SECOND_SENTENCE):
        relabel.apply_changes(cut, {"shapes/train/red/0.png": ""}, "new.zip")
    assert not [path for path in (home / "cache").rglob("*.zip")]


@pytest.mark.parametrize(
    "path, to",
    [
        ("red/0.png", "blue/0.png"),
        ("all/red/0.png", "all/blue/0.png"),
        ("all/red/red/0.png", "all/blue/red/0.png"),
        ("train/red/0.png", "train/blue/0.png"),
    ],
)
def test_only_the_folder_of_the_class_changes(path, to):
    top = path.rpartition("red/")[0].replace("red/", "")
    everything = [path, f"{top}blue/9.png", f"{top}green/8.png"]
    if path.startswith("train"):
        everything.append("test/green/7.png")
    assert names.make_new_paths(everything, {path: "blue"}) == {path: to}
