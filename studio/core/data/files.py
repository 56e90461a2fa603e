"""Image files of a folder, zip or tar, with the classes and attributes that their names tell."""

from __future__ import annotations

from collections.abc import Iterator

from studio.core.data.archives import Files
from studio.core.data.names import ages_and_genders, classes_of, counted, first_few, is_junk, merged, splits
from studio.core.data.names import is_hidden as is_hidden
from studio.core.data.sources import DataSource, Item


def source(files: Files) -> DataSource:
    """The data set that some files make: all but junk and hidden ones, sorted by name.

    Whether a file is an image is told by its content, when it is read.
    """
    known = [name for name in files.names if not is_junk(name)]
    hidden = {name for name in known if is_hidden(name)}
    names = tuple(name for name in known if name not in hidden)
    places = {name: place for place, name in enumerate(names)}
    labels, classes = classes_of(names)
    facts = ages_and_genders(names)

    def read() -> Iterator[Item]:
        for n, data in files.read():
            if (place := places.get(files.names[n])) is not None:
                told = {key: float(values[place]) for key, values in facts.items()}
                yield Item(place, data, int(labels[place]), told)

    notes = [*files.notes, *_notes(files, names, sorted(hidden))]
    if facts:
        notes.append("Ages and genders are as the file names label them.")
    return DataSource(names, classes, tuple(facts), read, tuple(notes), files=True)


def _notes(files: Files, names: tuple[str, ...], hidden: list[str]) -> Iterator[str]:
    if hidden:
        yield f"{counted(len(hidden), 'hidden file', 'hidden files')} skipped: {first_few(hidden)}."
    if len(parts := splits(names)) > 1:
        told = f"{', '.join(parts[:-1])} and {parts[-1]}"
        yield f"The folders {told} are merged; a new test split is drawn."
    if inside := merged(names):
        what = counted(len(inside), "folder", "folders", " inside classes")
        yield f"{what} merged into the enclosing class: {first_few(inside)}."
    filled = {name[:at] for name in names for at, letter in enumerate(name) if letter == "/"}
    visible = (f for f in files.folders if not is_hidden(f) and not is_junk(f + "/"))
    if empty := [folder for folder in visible if folder not in filled]:
        yield f"{counted(len(empty), 'folder', 'folders', ' without files')} skipped: {first_few(empty)}."
