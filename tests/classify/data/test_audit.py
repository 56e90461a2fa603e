"""The audit finds, names and reports each kind of problem in a data set."""

from __future__ import annotations

import io
import warnings

import drawn_classes
import numpy as np
import pytest
from PIL import Image

from studio.classify.data import audit
from studio.classify.settings import AuditSettings
from studio.classify.training import training_set
from studio.core import data, tasks
from studio.core.data import near_duplicates
from studio.core.errors import InsufficientSpace, InvalidInput
from tests.wording import says_what_to_do

pytestmark = pytest.mark.usefixtures("home")
KINDS = drawn_classes.CLASSES


def draw_shape(kind=0, seed=0, side=40) -> bytes:
    image = drawn_classes.draw(KINDS[kind], np.random.default_rng(seed))
    buffer = io.BytesIO()
    Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()


def write_files(dataset_folder, files):
    for name, content in files.items():
        (dataset_folder / name).parent.mkdir(parents=True, exist_ok=True)
        (dataset_folder / name).write_bytes(content)
    return dataset_folder


def draw_shapes(name, kind, count, first=0):
    return {f"{name}/{n}.png": draw_shape(kind, first + n) for n in range(count)}


def audit_folder(dataset_folder, size=32):
    images = data.load_dataset(data.store_reference(str(dataset_folder)), size)
    return images, audit.describe(images, near_duplicates.find(images))


def mentions(report, *words):
    return any(
        all(word in sentence for word in words) for sentence in [*report["warnings"], *report["notes"]]
    )


def test_classes_and_sizes_are_counted(tmp_path):
    files = (
        draw_shapes("a", 0, 20) | draw_shapes("b", 1, 24, 50) | {"b/large.png": draw_shape(2, 99, side=160)}
    )
    _, report = audit_folder(write_files(tmp_path / "set", files), size=64)
    assert report["classes"] == [{"name": "a", "count": 20}, {"name": "b", "count": 25}]
    assert report["images"] == 45 and report["sizes"] == [40, 40, 160]
    assert report["small_count"] == 44 and mentions(report, "smaller")
    assert report["class_ratio"] == 1.25 and not mentions(report, "times as many")


def test_broken_files_and_copies_are_listed(tmp_path):
    files = draw_shapes("a", 0, 3) | draw_shapes("b", 1, 3)
    files |= {"a/notes.txt": b"a list", "b/cut.png": draw_shape(1, 9)[:-200], "b/copy.png": files["a/0.png"]}
    _, report = audit_folder(write_files(tmp_path / "set", files))
    assert sorted(report["broken"]) == ["a/notes.txt", "b/cut.png"] and report["broken_count"] == 2
    assert report["copies"] == [["b/copy.png", "a/0.png"]]
    assert mentions(report, "in another class") and mentions(report, "Fewer than 20", "a, b")


def test_near_duplicates_across_classes_give_a_warning(tmp_path):
    image = Image.open(io.BytesIO(draw_shape(0, 5)))
    saved = io.BytesIO()
    image.save(saved, "JPEG", quality=50)
    files = draw_shapes("a", 0, 6) | draw_shapes("b", 1, 6, 50) | {"b/again.jpg": saved.getvalue()}
    _, report = audit_folder(write_files(tmp_path / "set", files))
    pair = next(pair for pair in report["near"] if "b/again.jpg" in (pair["first"], pair["second"]))
    assert pair["first"] == "a/5.png" and pair["is_cross_class"] and mentions(report, "in two classes")


@pytest.mark.parametrize("names", [("Cat", "cat"), ("caf\u00e9", "cafe\u0301"), ("big dog", "big_dog")])
def test_similar_class_names_give_a_warning(tmp_path, names):
    files = draw_shapes(names[0], 0, 2) | draw_shapes(names[1], 1, 2) | draw_shapes("other", 2, 2)
    _, report = audit_folder(write_files(tmp_path / "set", files))
    assert (
        len(report["classes"]) == 3
        and mentions(report, *names, "same class")
        and not mentions(report, "other and")
    )


def test_class_names_in_other_scripts_are_accepted(tmp_path):
    files = draw_shapes("два слова", 0, 2) | draw_shapes("花", 1, 2)
    dataset, report = audit_folder(write_files(tmp_path / "set", files))
    assert dataset.classes == ("два слова", "花") and not mentions(report, "same class")
    assert "花" in audit.format_report("set", report)


def test_uneven_classes_give_a_warning(tmp_path):
    _, report = audit_folder(
        write_files(tmp_path / "set", draw_shapes("many", 0, 40) | draw_shapes("few", 1, 4))
    )
    assert report["class_ratio"] == 10 and mentions(report, "10 times", "many", "few")


@pytest.mark.parametrize(
    "files, says",
    [
        (draw_shapes("only", 0, 4), "two classes"),
        (draw_shapes(".", 0, 4), "two classes"),
        (
            draw_shapes("a", 0, 4) | draw_shapes("b", 1, 4) | {"one.png": draw_shape(2, 7)},
            "outside of class folders: one.png",
        ),
        (draw_shapes("a", 0, 4) | {"b/one.png": draw_shape(1, 77)}, "1 of b"),
        (draw_shapes("a", 0, 4) | {"b/text.txt": b"words", "b/more.png": b"no image"}, "two classes"),
    ],
)
def test_too_few_classes_or_images_are_refused(tmp_path, files, says):
    dataset_folder = write_files(tmp_path / "set", files)
    images, report = audit_folder(dataset_folder)
    with pytest.raises(InvalidInput, match=says) as error:
        audit.check(images, "set")
    assert says_what_to_do(str(error.value))
    assert not report["strays"] or mentions(report, "one.png")
    assert audit.format_report("set", report)  # the audit itself still reports


def test_an_empty_class_gives_a_note(tmp_path):
    dataset_folder = write_files(tmp_path / "set", draw_shapes("a", 0, 3) | draw_shapes("b", 1, 3))
    (dataset_folder / "c").mkdir()
    images, report = audit_folder(dataset_folder)
    audit.check(images, "set")
    assert mentions(report, "without files", "c")


def test_suspicious_labels_are_sorted(tmp_path):
    dataset, _ = audit_folder(
        write_files(tmp_path / "set", draw_shapes("a", 0, 10) | draw_shapes("b", 1, 10))
    )
    probabilities = np.where(np.eye(2)[dataset.labels] > 0, 0.8, 0.2)
    probabilities[3] = 0.05, 0.95  # labeled a
    probabilities[14] = 0.85, 0.15  # labeled b
    probabilities[15] = 0.55, 0.45  # low confidence says nothing about the label
    suspicious = audit.find_suspicious_labels(dataset, np.arange(20), probabilities)
    assert [entry["name"] for entry in suspicious] == [dataset.names[3], dataset.names[14]]
    assert suspicious[0] == {"name": "a/3.png", "label": "a", "looks_like": "b", "confidence": 0.95}
    with warnings.catch_warnings(action="error"):  # nothing is known about a class without rows
        assert not audit.find_suspicious_labels(dataset, np.arange(10), probabilities[:10])


def test_a_failed_label_check_gives_a_note(tmp_path, monkeypatch):
    dataset_folder = write_files(tmp_path / "set", draw_shapes("a", 0, 3) | draw_shapes("b", 1, 3))

    def full(*arguments):
        raise InsufficientSpace("The disk is full. Free some space.")

    monkeypatch.setattr(training_set, "load", full)
    result = tasks.run(
        "classify.audit", AuditSettings(size=32), {"data": [data.store_reference(str(dataset_folder))]}
    )
    assert "suspicious" not in result.figures
    assert "Labels were not checked. The disk is full. Free some space." in result.figures["notes"]


def test_the_task_returns_a_report_and_figures(tmp_path):
    dataset_folder = write_files(
        tmp_path / "set", draw_shapes("a", 0, 3) | draw_shapes("b", 1, 3) | {"a/text.txt": b"words"}
    )
    settings = AuditSettings(suspicious=False, size=32)
    result = tasks.run("classify.audit", settings, {"data": [data.store_reference(str(dataset_folder))]})
    text = result.files[0].read().decode()
    assert "| a | 3 |" in text and "a/text.txt" in text and "Fewer than 20" in text
    assert result.figures["broken"] == ["a/text.txt"] and result.recipe.task == "classify.audit"
