"""Items as one zip: each file by a name that says what it is, with its recipe in it or next to it.

What somebody marked stands in the zip's marks.json, by the names of the files there.
"""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path, PurePath
from typing import IO

from studio.core import paths
from studio.core.errors import InvalidInput, NoRoom, short_name
from studio.core.tasks import File
from studio.gallery.items import Item, Marks

MOST_BYTES = 500_000_000  # that the server holds in its memory while a browser takes them
TOO_MANY = "The limit is 500 items and 500 MB. Select fewer, or run `studio gallery export -o all.zip`."


def save(items: Iterable[Item], path: Path) -> Path:
    """Writes the zip whole or not at all. Returns `path`.

    Raises:
        InvalidInput: if there is nothing to write.
        Unavailable: if a file of an item is gone.
        NoRoom: if the disk is full.
    """
    with paths.replacing(path) as temporary, temporary.open("wb") as file:
        write(items, file)
    return path


def zipped(items: Iterable[Item]) -> bytes:
    """The zip in memory. Raises as `save`, and `NoRoom` for more than a browser is given at once."""
    found = list(items)
    if bytes_of(found) > MOST_BYTES:
        raise NoRoom(TOO_MANY)
    file = io.BytesIO()
    write(found, file)
    return file.getvalue()


def write(items: Iterable[Item], file: IO[bytes]) -> None:
    """Writes the zip into an open file; see `save`."""
    taken: set[str] = set()
    told: dict[str, dict[str, object]] = {}
    with zipfile.ZipFile(file, "w") as packed:
        for item in items:
            for one, name in _named(item, taken):
                entry = zipfile.ZipInfo(name, time.localtime(max(item.created, 315_619_200))[:6])
                # Images, videos and weights are as small as they get; only texts are worth the time.
                entry.compress_type = zipfile.ZIP_DEFLATED if one.kind == "text" else zipfile.ZIP_STORED
                with one.path.open("rb") as source, packed.open(entry, "w", force_zip64=True) as target:
                    for piece in iter(partial(source.read, 1 << 20), b""):
                        target.write(piece)
                if item.marks != Marks():
                    told[name] = asdict(item.marks)
                made = item.recipe_of(one)
                if not _carries_its_recipe(one) and made is not None:
                    packed.writestr(zipfile.ZipInfo(f"{name}.json", entry.date_time), made.to_json() + "\n")
        if told:
            packed.writestr("marks.json", json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        if not taken:
            raise InvalidInput("There is nothing to export. Choose at least one item.")


def bytes_of(items: Iterable[Item]) -> int:
    """How large the files of items are together."""
    return sum(file.path.stat().st_size for item in items for file in item.result.files)


def _carries_its_recipe(file: File) -> bool:
    return PurePath(file.name).suffix.lower() == ".png"


def _named(item: Item, taken: set[str]) -> Iterator[tuple[File, str]]:
    """Each file with a name that none before has: day, what made it, what it is called."""
    day = time.strftime("%Y-%m-%d", time.localtime(item.created))
    for file in item.result.files:
        whole = PurePath(re.sub(r"[^\w.()+ -]", "_", short_name(file.name, 100)))
        called = re.sub(r"[^\w.()+ -]", "_", item.marks.name) or whole.stem
        stem, number = f"{day}-{item.task.partition('.')[0]}-{called}", 1
        name = f"{stem}{whole.suffix}"
        while name.casefold() in taken:
            number += 1
            name = f"{stem}-{number}{whole.suffix}"
        taken.add(name.casefold())
        yield file, name
