"""Removes images of a data set or moves them to other classes, in a new archive; the original stays.

It copies files unchanged and one by one, so a data set may be larger than the memory.
"""

from __future__ import annotations

import secrets
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

import numpy as np

from studio.core import data, owners, paths
from studio.core.data import label_table, names
from studio.core.data.cache import ImageDataset
from studio.core.data.sources import DataSource, Item
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.progress import Progress
from studio.core.tasks import File

Changes = Mapping[str, str]  # new class by image name; "" removes the image
_REPORT_COUNT = 200
_UNCOMPRESSED_EXCESS = 2**20  # bytes beyond the size of the old archive before files are compressed


def add_copies(changes: Changes, dataset: ImageDataset) -> dict[str, str]:
    """Adds the removal of skipped copies of changed images, which would replace the original."""
    copies = {copy: "" for copy, original in dataset.copies if original in changes}
    return {**copies, **changes}


def apply_changes(file: File, changes: Changes, name: str, progress: Progress | None = None) -> File:
    """Stores a zip of a data set with some changes.

    Args:
        file: the data set: a stored archive, or a reference from `studio.core.data.store_reference`.
        changes: changes by image name.
        name: name of the new archive.
        progress: reports the number of copied images.

    Raises:
        InvalidInput: if no image would be left, or the data set has no files, was modified or is damaged.
        Unavailable: if it is no longer stored.
        InsufficientSpace: if the disk is full.
        Cancelled: if the job was cancelled; nothing is stored.
    """
    source = data.open_source(file)
    image_names = [names.replace_surrogates(name) for name in source.names]
    new_names = _assign_names(source, image_names, changes)
    if not new_names:
        raise InvalidInput(f"No images of {file.name} would be left. Keep some of them.")
    path = paths.ensure_folder("cache") / "relabeled" / f"{secrets.token_hex(8)}.zip"
    progress = progress or Progress()
    bytes_left = _UNCOMPRESSED_EXCESS + file.path.stat().st_size
    with paths.replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        if source.multi_hot is not None:
            table = _write_label_table(source, image_names, new_names, changes)
            bytes_left -= len(table)
            archive.writestr(zipfile.ZipInfo(label_table.NAME), table, zipfile.ZIP_DEFLATED)
        for count, item in enumerate(source.read()):
            if item.position in new_names:
                body = _encode_item(item)
                # Store images without compression, which gains little. Compress beyond the original's size,
                # because a zip bomb would fill the disk.
                bytes_left -= len(body)
                method = zipfile.ZIP_STORED if bytes_left > 0 else zipfile.ZIP_DEFLATED
                # Without a date, so that equal changes give equal archives.
                archive.writestr(zipfile.ZipInfo(new_names[item.position]), body, method, compresslevel=1)
            if count % max(1, len(image_names) // _REPORT_COUNT) == 0:
                progress.report(count, len(image_names), text="Copying images")
    digest = paths.file_digest(path)
    try:
        paths.move_to_store(path, digest)
    finally:
        path.unlink(missing_ok=True)  # `move_to_store` leaves it if an equal file is stored already
    owners.grant(digest)
    return File(digest, "dataset", name)


def _assign_names(source: DataSource, image_names: list[str], changes: Changes) -> dict[int, str]:
    """Assigns each remaining image, by its index, its name in the new archive."""
    if source.multi_hot is not None:  # labels are in a table, not in the names
        changed_names = {}
    elif source.has_files:
        changed_names = names.make_new_paths(
            image_names, {name: class_name for name, class_name in changes.items() if class_name}
        )
    else:  # arrays have no folders, so add one for each class
        labels = {item.position: item.label for item in source.read()}
        changed_names = {
            name: _array_file_name(source, labels[index], index) for index, name in enumerate(image_names)
        }
        for index, name in enumerate(image_names):
            if changes.get(name):
                changed_names[name] = f"{_make_folder_name(changes[name])}/{index:06}.png"
    remaining = [index for index, name in enumerate(image_names) if changes.get(name, name)]
    used_names: set[str] = set()
    # Unchanged names come first, so that they are not made unique.
    order = sorted(remaining, key=lambda index: image_names[index] in changed_names)
    return {
        index: _make_unique_name(changed_names.get(image_names[index], image_names[index]), used_names)
        for index in order
    }


def _write_label_table(
    source: DataSource, image_names: list[str], new_names: Mapping[int, str], changes: Changes
) -> bytes:
    """Returns the `labels.csv` of the new archive; the new class of an image replaces all its labels."""
    assert source.multi_hot is not None
    labels = [
        [changes[image_names[index]]]
        if changes.get(image_names[index])
        else [name for name, used in zip(source.classes, source.multi_hot[index], strict=True) if used]
        for index in new_names
    ]
    return label_table.write(list(new_names.values()), labels)


def _array_file_name(source: DataSource, label: int, index: int) -> str:
    folder = f"{_make_folder_name(source.classes[label])}/" if label >= 0 and source.classes else ""
    return f"{folder}{index:06}.png"


def _make_folder_name(name: str) -> str:
    """Returns the name of a class as a valid folder name."""
    folder_name = "".join("-" if letter in "/\\:" else letter for letter in name).strip(". ")
    return folder_name or "unnamed"


def _make_unique_name(name: str, used_names: set[str]) -> str:
    """Returns a name not used so far, because the new class may have a file of the same name."""
    path = PurePosixPath(name)
    number, candidate = 1, name
    while candidate in used_names:
        number += 1
        candidate = str(path.with_name(f"{path.stem} {number}{path.suffix}"))
    used_names.add(candidate)
    return candidate


def _encode_item(item: Item) -> bytes:
    return image_io.encode_png(np.asarray(item.data)) if isinstance(item.data, np.ndarray) else item.data


def summarize(changes: Iterable[str]) -> str:
    """Summarizes changes: "3 removed, 2 moved".

    Args:
        changes: the values of `Changes`.
    """
    is_moved = [bool(class_name) for class_name in changes]
    parts = [(is_moved.count(False), "removed"), (is_moved.count(True), "moved")]
    return ", ".join(f"{count:,} {verb}" for count, verb in parts if count) or "nothing changed"
