"""Every file of the corpus dropped onto the page that takes its kind: taken, or refused in one sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

# Kinds of files, with the page that takes them, its address, and the beginning of the uploader's key.
PLACES = {
    "text": ("text", {"do": "Your text", "source": "A file"}, "text.upload"),
    "archive": ("classify", {"images": "Your own"}, "set.upload"),
    "class_zip": ("classify", {"images": "Your own"}, "set.upload"),
    "recipe": ("gallery", {}, "gallery.upload"),
}


def rows(data_dir: Path, kind: str) -> list[tuple[Path, str]]:
    index = data_dir / "badfiles" / "INDEX.tsv"
    if not index.is_file():
        pytest.skip(f"no {index}")
    with index.open(encoding="utf-8", newline="") as file:
        found = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] == kind]
    assert found
    return [(data_dir / "badfiles" / row["file"], row["expected"]) for row in found]


def uploader(page, key):
    return next(found for found in page.file_uploader if found.key.startswith(key))


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind, most_left_out", [("text", 0), ("archive", 8), ("class_zip", 0), ("recipe", 0)]
)
def test_no_file_breaks_its_page(kind, most_left_out, data_dir, visit):
    address, params, key = PLACES[kind]
    page, wrong, left_out = visit(address, **params), [], []
    for path, expected in rows(data_dir, kind):
        if not any(found.key.startswith(key) for found in page.file_uploader):
            page = visit(address, **params)  # what is looked at has taken the place of the uploader
        place = uploader(page, key)
        if place.allowed_type and path.suffix.lower() not in place.allowed_type:
            left_out.append(path.name)  # the browser does not offer such a file
            continue
        page = place.upload(path.name, path.read_bytes(), "application/octet-stream").run()
        said = " ".join(str(one.value) for one in page.error)
        shown = "Traceback" in said or str(path.parent) in said
        if page.exception or shown or (expected == "accept" and said):
            wrong.append((path.name, said, [one.value for one in page.exception]))
    assert not wrong
    assert len(left_out) <= most_left_out, left_out
