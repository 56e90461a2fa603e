"""Labels of images in a `labels.csv`: the name of a file, then its labels, in each row."""

from __future__ import annotations

import csv
import io
import itertools
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from studio.core import amounts
from studio.core.data import encodings
from studio.core.data.names import count_phrase, join_first_few
from studio.core.errors import InvalidInput

NAME = "labels.csv"
MAX_LABEL_LENGTH = 255  # characters, as in the name of a class folder
MAX_LABELS = 1000  # different ones; a column of sentences would have far more
MAX_BYTES = 20 * 2**20
MAX_CELLS = 100_000_000  # images times labels: a byte each


@dataclass(frozen=True)
class LabelTable:
    """Labels of some images of a data set.

    Attributes:
        names: paths of the labeled images, sorted.
        classes: different labels, sorted.
        multi_hot: `(n, k) bool`, whether an image has a label.
        notes: sentences on assumptions and skipped images.
    """

    names: tuple[str, ...]
    classes: tuple[str, ...]
    multi_hot: np.ndarray
    notes: tuple[str, ...]

    @property
    def labels(self) -> np.ndarray:
        """The index of each image's label, `(n,) int64`; -1 for all unless each image has exactly one."""
        has_one = bool(np.all(self.multi_hot.sum(axis=1) == 1))
        return self.multi_hot.argmax(axis=1) if has_one else np.full(len(self.names), -1)


def find(names: Sequence[str]) -> str | None:
    """Returns the path of the only `labels.csv` among some paths; None if there is none or several."""
    tables = [name for name in names if name.rpartition("/")[2].lower() == NAME]
    return tables[0] if len(tables) == 1 else None


def parse(data: bytes, path: str, names: Sequence[str]) -> LabelTable:
    """Parses a `labels.csv`.

    The first column is a path relative to the table, or the name of a file in any folder, with or without
    its extension. The second column
    has the labels, separated by semicolons, or by spaces if there is no semicolon in the column. It may be
    empty. A header is optional, further columns are ignored, and so are images without a row.

    Args:
        data: the file.
        path: of the file in the data set.
        names: paths of all other files in the data set.

    Raises:
        InvalidInput: if it is not a table of text, names a file that is missing or that another row names,
            or has fewer than two, too many or too long labels.
    """
    # More rows than files cannot all be right, and would fill the memory.
    rows, notes = _read_rows(data, len(names) + 2)
    matches = _Matches(path, names)
    if rows and matches.find(rows[0][0]) is None and "." not in rows[0][0]:
        del rows[0]  # the header
    if missing := [row[0] for row in rows if matches.find(row[0]) is None]:
        count = amounts.format_count(len(missing), "file")
        raise InvalidInput(
            f"{count} in {NAME} not found: {join_first_few(missing)}. Use names of files, or paths relative "
            f"to {NAME}. Add the files, or remove their rows."
        )
    delimiter = ";" if any(";" in cell for row in rows for cell in row[1:2]) else None
    labels_by_name: dict[str, set[str]] = {}
    for row in rows:
        name = matches.find(row[0])
        assert name is not None
        if name in labels_by_name:
            raise InvalidInput(f"{NAME} has two rows for {join_first_few([name])}. Keep one of them.")
        labels = "".join(row[1:2]).split(delimiter)
        labels_by_name[name] = {label.strip() for label in labels if label.strip()}
    classes = sorted(set().union(*labels_by_name.values()))
    _check_classes(classes, len(labels_by_name))
    labeled_names, columns = sorted(labels_by_name), {label: n for n, label in enumerate(classes)}
    multi_hot = np.zeros((len(labeled_names), len(classes)), bool)
    for n, name in enumerate(labeled_names):
        multi_hot[n, [columns[label] for label in labels_by_name[name]]] = True
    notes += _describe_ignored(rows, sorted(set(names) - set(labeled_names)))
    return LabelTable(tuple(labeled_names), tuple(classes), multi_hot, tuple(notes))


def write(names: Sequence[str], labels: Sequence[Sequence[str]]) -> bytes:
    """Returns a `labels.csv` of some files and their labels, none of which contains a semicolon."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("name", "labels"))
    # A semicolon at the end tells `parse` that labels are not separated by spaces.
    writer.writerows(
        (name, "".join(f"{label};" for label in row)) for name, row in zip(names, labels, strict=True)
    )
    return text.getvalue().encode("utf-8", "replace")


def _read_rows(data: bytes, limit: int) -> tuple[list[list[str]], list[str]]:
    """Returns the first rows that are not empty, and notes on the encoding."""
    if len(data) > MAX_BYTES:
        raise InvalidInput(f"{NAME} is too large. Use at most {amounts.format_bytes(MAX_BYTES)}.")
    try:
        text, _, notes = encodings.decode(data)
        rows = (row for row in csv.reader(io.StringIO(text, newline="")) if any(map(str.strip, row)))
        first_rows = list(itertools.islice(rows, limit))
    except (InvalidInput, csv.Error):
        raise InvalidInput(f"{NAME} is not a table of text. Save it as CSV in UTF-8.") from None
    return first_rows, [note.replace("The text", NAME, 1) for note in notes]


def _check_classes(classes: Sequence[str], image_count: int) -> None:
    """Raises `InvalidInput` for fewer than two, too many or too long labels."""
    if len(classes) < 2:
        received = f"only one label, {join_first_few(classes)}" if classes else "no labels"
        raise InvalidInput(
            f"{NAME} has {received}. Use at least two different ones, in the second column, separated by "
            "spaces or semicolons."
        )
    if too_long := [label for label in classes if len(label) > MAX_LABEL_LENGTH]:
        raise InvalidInput(
            f"{NAME} has a label that is too long: {join_first_few(too_long[:1])}. Use at most "
            f"{MAX_LABEL_LENGTH} characters."
        )
    if len(classes) > MAX_LABELS:
        raise InvalidInput(
            f"{NAME} has {len(classes):,} different labels, separated by spaces or semicolons. Use at most "
            f"{MAX_LABELS:,}."
        )
    if len(classes) * image_count > MAX_CELLS:
        raise InvalidInput(
            f"{NAME} has {len(classes):,} different labels for {image_count:,} images, which is too much. "
            "Use fewer of either."
        )


class _Matches:
    """Finds files by their paths relative to a table, or by their names."""

    def __init__(self, path: str, names: Sequence[str]):
        folder = path.rpartition("/")[0]
        prefix = f"{folder}/" if folder else ""
        self._by_path = {_normalize(name.removeprefix(prefix)): name for name in names}
        self._by_name: dict[str, str | None] = {}
        for name in names:
            last = _normalize(name.rpartition("/")[2])
            for key in {last, last.rpartition(".")[0] or last}:
                self._by_name[key] = None if key in self._by_name else name

    def find(self, cell: str) -> str | None:
        """Returns the path of a file; None if there is none, or several files in folders have this name."""
        key = _normalize(cell.strip().replace("\\", "/").removeprefix("./"))
        return self._by_path.get(key) or self._by_name.get(key)


def _normalize(name: str) -> str:
    """Returns a name in one Unicode form: macOS writes umlauts as two characters."""
    return unicodedata.normalize("NFC", name)


def _describe_ignored(rows: Sequence[Sequence[str]], unlabeled: Sequence[str]) -> Iterator[str]:
    if any(cell.strip() for row in rows for cell in row[2:]):
        yield f"Columns of {NAME} after the second were ignored."
    if unlabeled:
        subject = count_phrase(len(unlabeled), "file", "files", f" without a row in {NAME}")
        yield f"{subject} skipped: {join_first_few(unlabeled)}."


def describe(multi_hot: np.ndarray) -> str:
    """Returns a sentence on how many labels images have, for a table `(n, k)`."""
    counts = multi_hot.sum(axis=1)
    none = amounts.format_count(int((counts == 0).sum()), "image")
    several = amounts.format_count(int((counts > 1).sum()), "image")
    return f"Multi-label: {several} with several labels, {none} without a label."
