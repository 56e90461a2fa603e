"""The labels of images in a `labels.csv`: several, one or none for each."""

from __future__ import annotations

import io

import numpy as np
import pytest
from archive_files import write_folder, write_tar, write_zip
from PIL import Image

from studio.core import data
from studio.core.data import label_table, relabel
from studio.core.errors import InvalidInput
from studio.core.tasks import File
from tests.wording import says_what_to_do

NAMES = ("a.png", "b.png", "c.png", "d.png")
TABLE = "name,labels\na.png,cat dog\nb.png,dog\nc.png,\nd.png,cat\n"


def encode_image(seed: int) -> bytes:
    body = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), "uint8")).save(body, "PNG")
    return body.getvalue()


def make_files(table: str | bytes, names=NAMES) -> dict[str, bytes]:
    body = table.encode() if isinstance(table, str) else table
    return {"set/labels.csv": body, **{f"set/{name}": encode_image(n) for n, name in enumerate(names)}}


def write_reversed_tar(path, files):
    """Writes a compressed tar in which the table comes last."""
    return write_tar(path, dict(reversed(files.items())), "w:gz")


def load(path):
    return data.load_dataset(data.store_reference(str(path)), 8)


def list_labels(dataset) -> dict[str, set[str]]:
    return {
        name.rpartition("/")[2]: {dataset.classes[n] for n in np.flatnonzero(row)}
        for name, row in zip(dataset.names, dataset.multi_hot, strict=True)
    }


EXPECTED = {"a.png": {"cat", "dog"}, "b.png": {"dog"}, "c.png": set(), "d.png": {"cat"}}


@pytest.mark.parametrize(
    "write, name", [(write_folder, "set"), (write_zip, "set.zip"), (write_reversed_tar, "set.tar.gz")]
)
def test_folders_and_archives_have_the_labels_of_their_table(home, tmp_path, write, name):
    path = write(tmp_path / name, make_files(TABLE))
    for dataset in load(path), load(path):  # the second time from the cache
        assert list_labels(dataset) == EXPECTED and dataset.labels is None
        assert dataset.classes == ("cat", "dog")
        assert dataset.notes == ("Multi-label: 1 image with several labels, 1 image without a label.",)
    assert data.count_files(data.store_reference(str(path))) == 4


@pytest.mark.parametrize(
    "table",
    [
        "a.png,cat dog\nb.png,dog\nc.png\nd.png,cat",
        "\ufeffimage,tags\r\na.png, cat;dog \r\nb.png,dog\r\nc.png,\r\n\r\nd.png,cat;cat",
        '"a.png","dog;cat"\nb.png,dog;\nc.png,;\n./d.png,cat',
    ],
)
def test_labels_are_separated_by_spaces_or_semicolons_and_a_header_is_optional(home, tmp_path, table):
    assert list_labels(load(write_folder(tmp_path / "in", make_files(table)))) == EXPECTED


def test_semicolons_keep_spaces_within_labels(home, tmp_path):
    dataset = load(
        write_folder(tmp_path / "in", make_files("a.png,polar bear;ice\nb.png,ice\nc.png,\nd.png,ice"))
    )
    assert dataset.classes == ("ice", "polar bear")


def test_names_are_paths_or_names_in_any_folder_with_or_without_extension(home, tmp_path):
    names = ("train/a.png", "train/b.png", "more/c.png", "d.png")
    table = "id,labels\ntrain/a.png,cat dog\nb,dog\nmore\\c.png,\nd.png,cat\n"
    assert list_labels(load(write_folder(tmp_path / "in", make_files(table, names)))) == EXPECTED


def test_one_label_for_each_image_is_an_ordinary_data_set(home, tmp_path):
    dataset = load(write_folder(tmp_path / "in", make_files("a.png,cat\nb.png,dog\nc.png,dog\nd.png,cat\n")))
    assert dataset.multi_hot is None and dataset.labels.tolist() == [0, 1, 1, 0]
    assert dataset.classes == ("cat", "dog") and dataset.notes == ()


def test_images_without_a_row_and_further_columns_are_noted(home, tmp_path):
    dataset = load(write_folder(tmp_path / "in", make_files("a.png,cat dog,True\nb.png,dog,\nc.png,,\n")))
    assert list_labels(dataset) == {"a.png": {"cat", "dog"}, "b.png": {"dog"}, "c.png": set()}
    assert dataset.notes[:2] == (
        "Columns of labels.csv after the second were ignored.",
        "1 file without a row in labels.csv was skipped: set/d.png.",
    )


@pytest.mark.parametrize(
    "table, message",
    [
        (TABLE + "e.png,cat\n", "1 file in labels.csv not found: e.png"),
        ("image.name,labels\n" + TABLE, "2 files in labels.csv not found"),
        (TABLE + "./a.png,dog\n", "two rows for set/a.png"),
        ("a.png,cat\nb.png,\n", "only one label, cat"),
        ("a.png\nb.png,\n", "no labels"),
        ("", "no labels"),
        (encode_image(5), "not a table of text"),
        ("a.png,cat\0dog\n", "not a table of text"),
        ("a.png," + "x" * 200_000, "not a table of text"),
        ("a.png," + " ".join(map(str, range(1001))), "1,001 different labels"),
        ("a.png,cat " + "x" * 256, "too long: xxx"),
        ("a.png,cat\n" * 100, "two rows for set/a.png"),
        ("absent.png,cat\n" * 100, "6 files in labels.csv not found"),
    ],
)
def test_an_invalid_table_is_refused_in_short_sentences(home, tmp_path, table, message):
    write_folder(tmp_path / "in", make_files(table))
    with pytest.raises(InvalidInput, match=message) as caught:
        data.store_reference(str(tmp_path / "in"))
    assert len(str(caught.value)) < 250 and str(caught.value).count(". ") <= 3


@pytest.mark.parametrize("limit, message", [("MAX_BYTES", "too large"), ("MAX_CELLS", "too much")])
def test_a_table_that_would_fill_the_memory_is_refused(home, tmp_path, monkeypatch, limit, message):
    write_folder(tmp_path / "in", make_files(TABLE))
    monkeypatch.setattr(label_table, limit, 7)
    with pytest.raises(InvalidInput, match=message) as caught:
        data.store_reference(str(tmp_path / "in"))
    assert says_what_to_do(str(caught.value))


def test_a_table_among_others_is_no_table_of_the_data_set(home, tmp_path):
    files = {"cat/labels.csv": b"x", "dog/labels.csv": b"x"}
    files |= {f"{name}/{n}.png": encode_image(n) for n, name in enumerate(("cat", "dog", "dog"))}
    assert load(write_folder(tmp_path / "in", files)).labels.tolist() == [0, 1, 1]


def test_broken_images_and_copies_take_their_labels_along(home, tmp_path):
    files = make_files("a.png,cat dog\nb.png,dog cat\nc.png,rare\nd.png,cat\n")
    files |= {"set/c.png": b"no image", "set/d.png": files["set/a.png"]}
    dataset = load(write_folder(tmp_path / "in", files))
    assert list_labels(dataset) == {"a.png": {"cat", "dog"}, "b.png": {"cat", "dog"}}
    notes = " ".join(dataset.notes)
    assert "1 class without an intact image was left out: rare." in notes
    assert "1 copy was in another class than the one kept: set/d.png." in notes


@pytest.mark.parametrize("table", [TABLE, TABLE.replace("cat dog", "cat").replace("c.png,", "c.png,dog")])
def test_a_corrected_archive_keeps_the_labels(home, tmp_path, table):
    body = write_zip(tmp_path / "set.zip", make_files(table)).read_bytes()
    file = relabel.apply_changes(
        File.store(body, "dataset", "set.zip"), {"set/b.png": "", "set/d.png": "dog"}, "new.zip"
    )
    dataset = data.load_dataset(file, 8)
    labels = (
        [row.nonzero()[0].tolist() for row in dataset.multi_hot] if dataset.multi_hot is not None else None
    )
    assert dataset.names == ("set/a.png", "set/c.png", "set/d.png") and dataset.classes == ("cat", "dog")
    assert labels == [[0, 1], [], [1]] if table == TABLE else dataset.labels.tolist() == [0, 1, 1]


def test_a_written_table_is_read_again():
    names, labels = ["a,b.png", "c.png", "d.png"], [["polar bear"], [], ["ice", "polar bear"]]
    table = label_table.parse(label_table.write(names, labels), "labels.csv", names)
    assert table.names == tuple(names) and table.classes == ("ice", "polar bear")
    assert table.multi_hot.tolist() == [[False, True], [False, False], [True, True]]
