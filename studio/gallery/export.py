"""Exports items as a zip: each file under a descriptive name, with its recipe in it or next to it.

The zip's marks.json has the marks of items by the names of their files.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePath
from typing import IO

from studio.core import paths
from studio.core.errors import InsufficientSpace, InvalidInput, shorten_name
from studio.core.tasks import File
from studio.engine.jobs.records import Marks
from studio.gallery.items import Item

MAX_DOWNLOAD_BYTES = 500_000_000  # the server keeps a download in memory
TOO_MANY = "The limit is 500 items and 500 MB. Select fewer, or run `studio gallery export -o all.zip`."


def save_zip(items: Iterable[Item], path: Path) -> Path:
    """Writes the zip atomically. Returns `path`.

    Raises:
        InvalidInput: if there are no items.
        Unavailable: if a file of an item is missing.
        InsufficientSpace: if the disk is full.
    """
    with paths.replacing(path) as temporary, temporary.open("wb") as file:
        write_zip(items, file)
    return path


def to_zip(items: Iterable[Item]) -> bytes:
    """Returns the zip as bytes. Raises like `save_zip`, and `InsufficientSpace` above the download limit."""
    selected = list(items)
    if measure_bytes(selected) > MAX_DOWNLOAD_BYTES:
        raise InsufficientSpace(TOO_MANY)
    file = io.BytesIO()
    write_zip(selected, file)
    return file.getvalue()


def write_zip(items: Iterable[Item], file: IO[bytes]) -> None:
    """Writes the zip into an open file; see `save_zip`."""
    names: set[str] = set()
    all_marks: dict[str, dict[str, object]] = {}
    with zipfile.ZipFile(file, "w") as archive:
        for item in items:
            for item_file, name in _name_files(item, names):
                entry = zipfile.ZipInfo(name, time.localtime(max(item.created, 315_619_200))[:6])
                # Images, videos and weights are compressed already, so deflate only texts.
                entry.compress_type = zipfile.ZIP_DEFLATED if item_file.kind == "text" else zipfile.ZIP_STORED
                with (
                    item_file.path.open("rb") as source,
                    archive.open(entry, "w", force_zip64=True) as target,
                ):
                    shutil.copyfileobj(source, target, 1 << 20)
                if item.marks != Marks():
                    all_marks[name] = item.marks.model_dump()
                recipe = item.recipe_of(item_file)
                if not _contains_recipe(item_file) and recipe is not None:
                    archive.writestr(
                        zipfile.ZipInfo(f"{name}.json", entry.date_time), recipe.to_json() + "\n"
                    )
        if all_marks:
            archive.writestr("marks.json", json.dumps(all_marks, ensure_ascii=False, indent=2) + "\n")
        if not names:
            raise InvalidInput("There is nothing to export. Choose at least one item.")


def measure_bytes(items: Iterable[Item]) -> int:
    """Returns the total size of the files of items."""
    return sum(file.path.stat().st_size for item in items for file in item.result.files)


def _contains_recipe(file: File) -> bool:
    """Returns whether a file has its recipe inside, as PNGs do."""
    return PurePath(file.name).suffix.lower() == ".png"


def _name_files(item: Item, names: set[str]) -> Iterator[tuple[File, str]]:
    """Yields each file with a unique name from the day, the task and the title; adds the name to `names`."""
    day = time.strftime("%Y-%m-%d", time.localtime(item.created))
    for file in item.result.files:
        path = PurePath(re.sub(r"[^\w.()+ -]", "_", shorten_name(file.name, 100)))
        title = re.sub(r"[^\w.()+ -]", "_", item.marks.name) or path.stem
        stem, number = f"{day}-{item.task.partition('.')[0]}-{title}", 1
        name = f"{stem}{path.suffix}"
        while name.casefold() in names:
            number += 1
            name = f"{stem}-{number}{path.suffix}"
        names.add(name.casefold())
        yield file, name
