"""Image files of a folder, zip or tar, with classes and attributes from their names or a `labels.csv`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from studio.core.data import label_table
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

    Reading a file, not its name, decides whether it is an image. The classes are those of a `labels.csv`, or
    else the folders.

    Raises:
        InvalidInput: if the `labels.csv` is invalid.
    """
    names, hidden = _select_names(files)
    table = _read_label_table(files, names)
    names = table.names if table else names
    positions = {name: index for index, name in enumerate(names)}
    labels, classes = (table.labels, table.classes) if table else find_classes(names)
    attributes = parse_ages_and_genders(names)

    def read() -> Iterator[Item]:
        for n, data in files.read():
            if (position := positions.get(files.names[n])) is not None:
                item_attributes = {key: float(values[position]) for key, values in attributes.items()}
                yield Item(position, data, int(labels[position]), item_attributes)

    notes = [*files.notes, *_describe_hidden_files(hidden)]
    notes += table.notes if table else _describe_folders(files, names)
    if attributes:
        notes.append("Ages and genders are as the file names label them.")
    multi_hot = table.multi_hot if table else None
    return DataSource(names, classes, tuple(attributes), read, tuple(notes), True, multi_hot)


def count_images(files: Files) -> int:
    """Counts the files that `open_source` would offer as images. Raises as `open_source`."""
    names, _ = _select_names(files)
    table = _read_label_table(files, names)
    return len(table.names if table else names)


def _select_names(files: Files) -> tuple[tuple[str, ...], list[str]]:
    """Returns the names of the files that are neither junk nor hidden, and of those that are hidden."""
    candidates = [name for name in files.names if not is_junk(name)]
    return tuple(name for name in candidates if not is_hidden(name)), [*filter(is_hidden, candidates)]


def _read_label_table(files: Files, names: Sequence[str]) -> label_table.LabelTable | None:
    """Reads the `labels.csv` among some files; None if there is none."""
    path = label_table.find(names)
    if path is None:
        return None
    _, data = next(files.read(files.names.index(path)), (0, b""))
    return label_table.parse(data, path, [name for name in names if name != path])


def _describe_hidden_files(hidden: list[str]) -> Iterator[str]:
    if hidden:
        yield f"{count_phrase(len(hidden), 'hidden file', 'hidden files')} skipped: {join_first_few(hidden)}."


def _describe_folders(files: Files, names: tuple[str, ...]) -> Iterator[str]:
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
