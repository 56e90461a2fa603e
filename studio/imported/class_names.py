"""Reads and writes class names next to a model: one per line, as JSON, or as CSV.

Teachable Machine writes lines such as `0 Cat`, Keras' generators `{"Cat": 0}`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from studio.core.errors import is_printable
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused

FILES = (
    *("labels.txt", "labelmap.txt", "class_names.json", "class_indices.json", "labels.json", "labels.csv"),
    *("class_names.txt", "classes.txt", "classes.json", "metadata.json"),
)
MAX_BYTES = 1 << 20
_MAX_NAME_CHARACTERS = 200
_MAX_DEPTH = 8


def read(data: bytes, name: str) -> tuple[str, ...]:
    """Returns the class names of a file, in the order of the network's outputs.

    Args:
        data: of the file.
        name: of the file; its extension decides the format.

    Raises:
        Refused: if it has no list of names.
    """
    if len(data) > MAX_BYTES:
        raise Refused("class names that are too long")
    try:
        text = data.decode("utf-8-sig")
    except ValueError:
        raise Refused("class names that are not UTF-8 text") from None
    ending = PurePath(name).suffix.lower()
    if ending == ".json":
        entries = _names_from_json(strict_json.parse(text.encode(), _MAX_DEPTH))
    elif ending == ".csv":
        entries = _names_from_table(list(csv.reader(io.StringIO(text))))
    else:
        entries = _names_from_lines([line.strip() for line in text.splitlines() if line.strip()])
    names = tuple(" ".join(entry.split()) for entry in entries)
    if not names or not all(
        0 < len(label) <= _MAX_NAME_CHARACTERS and is_printable(label) for label in names
    ):
        raise Refused("no list of class names")
    return names


def encode(names: Sequence[str]) -> bytes:
    """Returns names as a `labels.txt` for `read`: numbered, so that `0 Cat` can be a name, too."""
    return "".join(f"{n} {name}\n" for n, name in enumerate(names)).encode()


def _names_from_json(content: Any) -> list[str]:
    """Returns the names in a JSON list, in an object of names and indices, or under a common key."""
    if isinstance(content, dict):
        for key in ("labels", "classes", "class_names", "wordLabels"):
            if isinstance(content.get(key), list | dict):
                return _names_from_json(content[key])
        return _names_from_pairs(list(content.items()))
    if isinstance(content, list) and all(isinstance(name, str) for name in content):
        return content
    raise Refused("no list of class names")


def _names_from_pairs(pairs: list[tuple[Any, Any]]) -> list[str]:
    """Returns the names from (index, name) or (name, index) pairs."""
    for indexed_names in (pairs, [(second, first) for first, second in pairs]):
        by_index = {int(str(index)): str(name) for index, name in indexed_names if str(index).isdecimal()}
        if pairs and sorted(by_index) == list(range(len(pairs))):
            return [by_index[index] for index in range(len(pairs))]
    raise Refused("class names without the indices 0, 1, 2 and so on")


def _names_from_table(rows: list[list[str]]) -> list[str]:
    """Returns the names in a table: a column of names, or two with indices, with or without a header."""
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if rows and all(len(row) == 1 for row in rows):
        return [row[0] for row in rows]
    if not all(len(row) >= 2 for row in rows):
        raise Refused("a table whose rows lack a name and an index")
    try:
        return _names_from_pairs([(row[0], row[1]) for row in rows])
    except Refused:
        return _names_from_pairs([(row[0], row[1]) for row in rows[1:]])  # the first row is a header


def _names_from_lines(lines: list[str]) -> list[str]:
    """Returns one name per line, without the line numbers from 0 on if all lines have them."""
    splits = [line.partition(" ") for line in lines]
    is_numbered = all(number == str(n) and name.strip() for n, (number, _, name) in enumerate(splits))
    return [name.strip() for *_, name in splits] if is_numbered else lines
