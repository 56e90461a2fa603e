"""Commands accept each file of the corpus of bad files, or reject it in one sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from studio.core.imaging import formats, image_io
from tests.wording import says_what_to_do

# Commands for each kind of file; "FILE" stands for its path.
COMMANDS = {
    "image": [("invert", "FILE", "-o", "out.png")],
    # No epochs, because the text is at fault.
    "text": [("train", "text", "FILE", "-o", "out", "--epochs", "0")],
    "archive": [("classify", "audit", "FILE", "--no-suspicious", "--size", "32")],
    "class_zip": [("classify", "audit", "FILE", "--no-suspicious", "--size", "32")],  # reports anomalies
    "class_folder": [("classify", "audit", "FILE", "--no-suspicious", "--size", "32")],
    "model": [("faces", "--preset", "FILE", "-o", "out.png"), ("write", "a", "--preset", "FILE")],
    "recipe": [("replay", "FILE", "-o", "out.png")],
}
INVERT_WITH_MASK = ("invert", "photo.png", "-o", "out.png", "--mask", "FILE")
CLASSIFY_TRAIN = ("classify", "train", "FILE", "-o", "out", "--size", "32")
# Keras models are checked in a new process each, which takes seconds.
CLASSIFY_PREDICT = ("classify", "predict", "FILE", "photo.png")


def list_bad_files(data_dir: Path, *kinds: str) -> list[tuple[Path, str]]:
    index = data_dir / "badfiles" / "INDEX.tsv"
    if not index.is_file():
        pytest.skip(f"no {index}")
    with index.open(encoding="utf-8", newline="") as file:
        entries = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] in kinds]
    assert entries
    return [(data_dir / "badfiles" / row["file"], row["expected"]) for row in entries]


def list_files() -> set[str]:
    return {str(path) for path in Path().rglob("*") if "home" not in path.parts}


def find_fault(code: int, out: str, err: str, path: Path, before: set[str]) -> str:
    """Returns what is wrong with the outcome of a command, or ""."""
    leftovers = list_files() - before
    if "Traceback" in out + err:
        return "a traceback"
    if str(path.parent) in out + err:
        return f"a path of the machine: {err}"
    if code not in (0, 2):
        return f"exit code {code}: {err}"
    if code and leftovers:
        return f"refused, and yet it left {leftovers}"
    if code and not says_what_to_do(err):
        return f"no next step: {err}"
    return ""


@pytest.fixture
def outcomes(data_dir, photo, run_command, monkeypatch):
    """Runs commands on the files of some kinds; yields whether each was accepted, and any fault."""
    monkeypatch.setattr(formats, "HEIC", False)  # as without the extra `heic`

    def run(*kinds, commands=None, expected="", every=1):
        selected = [row for row in list_bad_files(data_dir, *kinds) if not expected or row[1] == expected]
        for path, expected in selected[::every]:
            for argv in commands or COMMANDS[kinds[0]]:
                before = list_files()
                code, out, err = run_command(*(str(path) if word == "FILE" else word for word in argv))
                yield path, expected, code == 0, find_fault(code, out, err, path, before)
                for name in ("out.png", "out"):
                    Path(name).unlink(missing_ok=True)

    return run


@pytest.mark.parametrize("kind", [pytest.param("image", marks=pytest.mark.slow), "recipe"])
def test_bad_images_and_recipes_are_handled(kind, outcomes):
    # core/imaging/test_image_io.py reads all images.
    results = list(outcomes(kind, every=6 if kind == "image" else 1))
    if kind == "image":
        # Masks are decoded like other images.
        results += outcomes(kind, commands=[INVERT_WITH_MASK], every=12)
    assert not [(path.name, fault) for path, _, _, fault in results if fault]
    assert not [
        p.name
        for p, expected, is_accepted, _ in results
        if expected != "either" and is_accepted != (expected == "accept")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["text", "archive", "model"])
def test_bad_texts_archives_and_models_are_handled(kind, outcomes):
    # pages/test_corpus.py reads the other half of the texts and archives.
    results = list(outcomes(kind, every=4 if kind == "model" else 2))
    assert not [(path.name, fault) for path, _, _, fault in results if fault]
    assert not [
        path.name for path, expected, is_accepted, _ in results if expected == "refuse" and is_accepted
    ]


@pytest.mark.slow
def test_bad_class_folders_are_handled(weights_home, outcomes):
    results = list(outcomes("class_zip", "class_folder"))
    assert not [(path.name, fault) for path, _, _, fault in results if fault]
    refusals = outcomes("class_zip", "class_folder", commands=[CLASSIFY_TRAIN], expected="refuse")
    assert not [
        (path.name, is_accepted, fault) for path, _, is_accepted, fault in refusals if is_accepted or fault
    ]


@pytest.mark.slow
def test_bad_keras_models_are_handled(outcomes):
    # imported/test_safe_copies.py tests all of them.
    results = list(outcomes("model", commands=[CLASSIFY_PREDICT], every=17))
    assert not [(path.name, fault) for path, _, _, fault in results if fault]
    assert not [
        path.name for path, expected, is_accepted, _ in results if expected == "refuse" and is_accepted
    ]
    assert not list(Path().rglob("PWNED"))


def test_photo_of_the_tests_is_valid(photo):
    assert image_io.read(photo).ndim == 3
