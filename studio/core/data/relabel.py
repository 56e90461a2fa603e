"""A data set with some of its images removed, or put into other classes: a new archive, the old one stays.

Files go over as they are, one by one, so that a data set may be larger than the memory; none is unpacked.
"""

from __future__ import annotations

import secrets
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

import numpy as np

from studio.core import data, owners, paths
from studio.core.data import names
from studio.core.data.cache import ImageDataset
from studio.core.data.sources import DataSource, Item
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File

Changes = Mapping[str, str]  # the class of an image from now on, by its name; "" to remove it
_DAY = (1980, 1, 1, 0, 0, 0)  # of all of them, so that the same changes make the same archive
_REPORTS = 200
_ALWAYS_FINE = 2**20  # bytes that a new archive may have more than the old one before it is packed


def with_copies(changes: Changes, dataset: ImageDataset) -> dict[str, str]:
    """The same changes, and the copies of those images removed: one would be there in the other's place."""
    copies = {copy: "" for copy, original in dataset.copies if original in changes}
    return {**copies, **changes}


def made(file: File, changes: Changes, name: str, progress: Progress | None = None) -> File:
    """Makes a zip of a data set with some changes, and keeps it.

    Args:
        file: the data set; a kept archive, or what `studio.core.data.reference` gave of files.
        changes: of some of its images.
        name: of the new archive.
        progress: told how many are done.

    Raises:
        InvalidInput: if nothing would be left, or it is no data set of files, was changed, or is damaged.
        Unavailable: if it is no longer kept.
        NoRoom: if the disk is full.
        Cancelled: if a user asked to stop; nothing is kept.
    """
    source = data.opened(file)
    shown = [_encodable(one) for one in source.names]
    places = _places(source, shown, changes)
    if not places:
        raise InvalidInput(f"No images of {file.name} would be left. Keep some of them.")
    path = paths.folder("cache") / "relabeled" / f"{secrets.token_hex(8)}.zip"
    progress = progress or Progress()
    room = _ALWAYS_FINE + file.path.stat().st_size
    with paths.replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for count, item in enumerate(source.read()):
            if item.place in places:
                body = _bytes(item)
                # Images hardly shrink, so they go over as they are; what was made to fill the disk shrinks.
                room -= len(body)
                method = zipfile.ZIP_STORED if room > 0 else zipfile.ZIP_DEFLATED
                archive.writestr(zipfile.ZipInfo(places[item.place], _DAY), body, method, compresslevel=1)
            if count % max(1, len(shown) // _REPORTS) == 0:
                progress.report(count, len(shown), text="Copying images")
    digest = paths.file_digest(path)
    try:
        paths.adopt(path, digest)
    finally:
        path.unlink(missing_ok=True)  # it is not moved where the same is kept already
    owners.grant(digest)
    return File(digest, "dataset", name)


def _places(source: DataSource, shown: list[str], changes: Changes) -> dict[int, str]:
    """What each image that stays is called in the new archive, by its place."""
    if source.files:
        new = names.moved(shown, {name: to for name, to in changes.items() if to})
    else:  # arrays have no folders: their images get those of their classes
        labels = {item.place: item.label for item in source.read()}
        new = {name: _as_file(source, labels[place], place) for place, name in enumerate(shown)}
        for place, name in enumerate(shown):
            if changes.get(name):
                new[name] = f"{_folder(changes[name])}/{place:06}.png"
    stay = [place for place, name in enumerate(shown) if changes.get(name, name)]
    taken: set[str] = set()
    # Those first that are called as before, so that they stay so.
    order = sorted(stay, key=lambda place: shown[place] in new)
    return {place: _free(new.get(shown[place], shown[place]), taken) for place in order}


def _as_file(source: DataSource, label: int, place: int) -> str:
    folder = f"{_folder(source.classes[label])}/" if label >= 0 and source.classes else ""
    return f"{folder}{place:06}.png"


def _folder(name: str) -> str:
    """The name of a class, as a folder may be called."""
    kept = "".join("-" if letter in "/\\:" else letter for letter in name).strip(". ")
    return kept or "unnamed"


def _free(name: str, taken: set[str]) -> str:
    """A name that nothing else has: a file of that name may be in the other class already."""
    path = PurePosixPath(name)
    number, free = 1, name
    while free in taken:
        number += 1
        free = str(path.with_name(f"{path.stem} {number}{path.suffix}"))
    taken.add(free)
    return free


def _bytes(item: Item) -> bytes:
    return image_io.encode_png(np.asarray(item.data)) if isinstance(item.data, np.ndarray) else item.data


def _encodable(name: str) -> str:
    """As a data set's images are called; a name in another encoding has letters that no text can hold."""
    return name.encode("utf-8", "replace").decode()


def told(changes: Iterable[str]) -> str:
    """What was done, in a sentence: "3 removed, 2 moved".

    Args:
        changes: the values of `Changes`.
    """
    kinds = [bool(one) for one in changes]
    parts = [(kinds.count(False), "removed"), (kinds.count(True), "moved")]
    return ", ".join(f"{count:,} {what}" for count, what in parts if count) or "nothing changed"
