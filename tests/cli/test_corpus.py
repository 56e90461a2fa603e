"""Every file of the corpus through the commands that take its kind: taken or refused in one sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from studio.core.imaging import formats, image_io
from tests.wording import says_what_to_do

# What takes a kind of file: the words of a command, "FILE" in the place of the file.
COMMANDS = {
    "image": [("invert", "FILE", "-o", "out.png")],
    "text": [("train", "text", "FILE", "-o", "out", "--epochs", "0")],  # no epoch: what is wrong is the text
    "archive": [("classify", "audit", "FILE", "--no-suspicious", "--size", "32")],
    "class_zip": [("classify", "audit", "FILE", "--no-suspicious", "--size", "32")],  # tells what is odd
    "class_folder": [("classify", "audit", "FILE", "--no-suspicious", "--size", "32")],
    "model": [("faces", "--preset", "FILE", "-o", "out.png"), ("write", "a", "--preset", "FILE")],
    "recipe": [("replay", "FILE", "-o", "out.png")],
}
MASK = ("invert", "photo.png", "-o", "out.png", "--masks", "FILE")
TEACH = ("classify", "train", "FILE", "-o", "out", "--size", "32")
# Models of Keras: looked over in a process of its own each, which takes seconds.
KERAS = ("classify", "predict", "FILE", "photo.png")


def rows(data_dir: Path, *kinds: str) -> list[tuple[Path, str]]:
    index = data_dir / "badfiles" / "INDEX.tsv"
    if not index.is_file():
        pytest.skip(f"no {index}")
    with index.open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] in kinds]
    assert found
    return [(data_dir / "badfiles" / row["file"], row["expected"]) for row in found]


def here() -> set[str]:
    return {str(path) for path in Path().rglob("*") if "home" not in path.parts}


def wrong(code: int, out: str, err: str, path: Path, before: set[str]) -> str:
    """What is wrong with how a command ended; "" if nothing is."""
    made = here() - before
    if "Traceback" in out + err:
        return "a traceback"
    if str(path.parent) in out + err:
        return f"a path of the machine: {err}"
    if code not in (0, 2):
        return f"exit code {code}: {err}"
    if code and made:
        return f"refused, and yet it left {made}"
    if code and not says_what_to_do(err):
        return f"no next step: {err}"
    return ""


@pytest.fixture
def outcomes(data_dir, photo, said, monkeypatch):
    """Runs the commands of some kinds; gives, for each file and command, whether it was taken, and faults."""
    monkeypatch.setattr(formats, "HEIC", False)  # as the studio is without its extra

    def run(*kinds, commands=None, expected="", every=1):
        chosen = [row for row in rows(data_dir, *kinds) if not expected or row[1] == expected]
        for path, expected in chosen[::every]:
            for words in commands or COMMANDS[kinds[0]]:
                before = here()
                code, out, err = said(*(str(path) if word == "FILE" else word for word in words))
                yield path, expected, code == 0, wrong(code, out, err, path, before)
                for made in ("out.png", "out"):
                    Path(made).unlink(missing_ok=True)

    return run


@pytest.mark.parametrize("kind", [pytest.param("image", marks=pytest.mark.slow), "recipe"])
def test_images_and_recipes(kind, outcomes):
    found = list(outcomes(kind))
    if kind == "image":
        found += outcomes(kind, commands=[MASK], every=4)  # masks are read as all other images
    assert not [(path.name, fault) for path, _, _, fault in found if fault]
    assert not [
        p.name for p, expected, taken, _ in found if expected != "either" and taken != (expected == "accept")
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["text", "archive", "model"])
def test_texts_archives_and_models(kind, outcomes):
    found = list(outcomes(kind))
    assert not [(path.name, fault) for path, _, _, fault in found if fault]
    assert not [path.name for path, expected, taken, _ in found if expected == "refuse" and taken]


@pytest.mark.slow
def test_classes_are_looked_over_and_what_cannot_be_taught_is_refused(weights_home, outcomes):
    found = list(outcomes("class_zip", "class_folder"))
    assert not [(path.name, fault) for path, _, _, fault in found if fault]
    taught = outcomes("class_zip", "class_folder", commands=[TEACH], expected="refuse")
    assert not [(path.name, taken, fault) for path, _, taken, fault in taught if taken or fault]


@pytest.mark.slow
def test_keras_models_that_a_person_brings(outcomes):
    found = list(outcomes("model", commands=[KERAS], every=5))  # all: imported/test_safe_copies.py
    assert not [(path.name, fault) for path, _, _, fault in found if fault]
    assert not [path.name for path, expected, taken, _ in found if expected == "refuse" and taken]
    assert not list(Path().rglob("PWNED"))


def test_the_photo_beside_them_is_good(photo):
    assert image_io.read(photo).ndim == 3
