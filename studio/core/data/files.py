"""Image files of a folder, zip or tar, with classes and attributes from their names."""

from __future__ import annotations

from collections.abc import Iterator

from studio.core.data.archives import Files
from studio.core.data.names import (
    count_phrase,
    describe_merged_splits,
    find_classes,
    find_merged_folders,
    is_hidden,
    is_junk,
    join_first_few,
    parse_ages_and_genders,
)
from studio.core.data.sources import DataSource, Item


def open_source(files: Files) -> DataSource:
    """Returns the data set of some files, sorted by name, without junk and hidden files.

    Reading a file, not its name, decides whether it is an image.
    """
    candidates = [name for name in files.names if not is_junk(name)]
    hidden = {name for name in candidates if is_hidden(name)}
    names = tuple(name for name in candidates if name not in hidden)
    positions = {name: index for index, name in enumerate(names)}
    labels, classes = find_classes(names)
    attributes = parse_ages_and_genders(names)

    def read() -> Iterator[Item]:
        for n, data in files.read():
            if (position := positions.get(files.names[n])) is not None:
                item_attributes = {key: float(values[position]) for key, values in attributes.items()}
                yield Item(position, data, int(labels[position]), item_attributes)

    notes = [*files.notes, *_describe_files(files, names, sorted(hidden))]
    if attributes:
        notes.append("Ages and genders are as the file names label them.")
    return DataSource(names, classes, tuple(attributes), read, tuple(notes), has_files=True)


def count_images(files: Files) -> int:
    """Counts the files that `open_source` would offer as images."""
    return sum(not is_junk(name) and not is_hidden(name) for name in files.names)


def _describe_files(files: Files, names: tuple[str, ...], hidden: list[str]) -> Iterator[str]:
    if hidden:
        yield f"{count_phrase(len(hidden), 'hidden file', 'hidden files')} skipped: {join_first_few(hidden)}."
    if note := describe_merged_splits(names):
        yield note
    if inside := find_merged_folders(names):
        subject = count_phrase(len(inside), "folder", "folders", " inside classes")
        yield f"{subject} merged into the enclosing class: {join_first_few(inside)}."
    non_empty = {name[:index] for name in names for index, letter in enumerate(name) if letter == "/"}
    visible = (f for f in files.folders if not is_hidden(f) and not is_junk(f + "/"))
    if empty := [folder for folder in visible if folder not in non_empty]:
        subject = count_phrase(len(empty), "folder", "folders", " without files")
        yield f"{subject} skipped: {join_first_few(empty)}."
