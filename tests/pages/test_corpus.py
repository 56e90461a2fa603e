"""Pages accept each file of the corpus of bad files, or reject it in one sentence."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

# Kinds of files with their page, its address, and the prefix of the uploader's key.
UPLOADERS_BY_KIND = {
    "text": ("text", {"do": "Your text", "source": "A file"}, "text.upload"),
    "archive": ("classify", {"images": "Your own"}, "set.upload"),
    "class_zip": ("classify", {"images": "Your own"}, "set.upload"),
    "recipe": ("gallery", {}, "gallery.upload"),
}


def list_files(data_dir: Path, kind: str) -> list[tuple[Path, str]]:
    index = data_dir / "badfiles" / "INDEX.tsv"
    if not index.is_file():
        pytest.skip(f"no {index}")
    with index.open(encoding="utf-8", newline="") as file:
        entries = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] == kind]
    assert entries
    return [(data_dir / "badfiles" / row["file"], row["expected"]) for row in entries]


def find_uploader(page, key):
    return next(element for element in page.file_uploader if element.key.startswith(key))


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind, most_left_out", [("text", 0), ("archive", 8), ("class_zip", 0), ("recipe", 0)]
)
def test_no_file_breaks_its_page(kind, most_left_out, data_dir, visit):
    address, params, key = UPLOADERS_BY_KIND[kind]
    page, wrong, left_out = visit(address, **params), [], []
    # Half of the files, because each costs a run of the page; cli/test_corpus.py reads the other half.
    for path, expected in list_files(data_dir, kind)[1::2]:
        if not any(element.key.startswith(key) for element in page.file_uploader):
            page = visit(address, **params)  # the chosen file has replaced the uploader
        uploader = find_uploader(page, key)
        if uploader.allowed_type and path.suffix.lower() not in uploader.allowed_type:
            left_out.append(path.name)  # the file dialog does not offer such a file
            continue
        page = uploader.upload(path.name, path.read_bytes(), "application/octet-stream").run()
        text = " ".join(str(element.value) for element in page.error)
        leaks = "Traceback" in text or str(path.parent) in text
        if page.exception or leaks or (expected == "accept" and text):
            wrong.append((path.name, text, [element.value for element in page.exception]))
    assert not wrong
    assert len(left_out) <= most_left_out, left_out
