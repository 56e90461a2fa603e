"""Reads and writes class names next to a model: one per line, as JSON, or as CSV.

Teachable Machine writes lines such as `0 Cat`, Keras' generators `{"Cat": 0}`. Keras' ImageNet classes are
`{"0": ["n01440764", "tench"]}`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from studio.core import amounts
from studio.core.data import encodings
from studio.core.errors import InvalidInput, invalid, is_printable, make_printable
from studio.core.untrusted import strict_json
from studio.core.untrusted.refusals import Refused

FILES = (
    *("labels.txt", "labelmap.txt", "class_names.json", "class_indices.json", "labels.json", "labels.csv"),
    *("class_names.txt", "classes.txt", "classes.json", "metadata.json"),
)
MAX_BYTES = 1 << 20
_MAX_NAME_CHARACTERS = 200
_MAX_DEPTH = 8
_DELIMITERS = (",", ";", "\t")  # spreadsheets write semicolons where the comma is the decimal separator
_HEADERS = {"label", "labels", "class", "classes", "name", "names", "class_name", "category"}
_INDEX = re.compile(r"\d{1,9}")  # `int` refuses texts of thousands of digits
_NUMBERED = re.compile(r"(\d{1,9})(?:[:.)]?\s+|[:,;]\s*)(\S.*)")  # `0 Cat`, `0: Cat`, `0,Cat`


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
        text, _, _ = encodings.decode(data)
    except InvalidInput:
        raise Refused("class names in an unknown encoding") from None
    ending = PurePath(name).suffix.lower()
    if ending == ".json":
        entries = _names_from_json(strict_json.parse(text.encode(), _MAX_DEPTH))
    elif ending in (".csv", ".tsv"):
        entries = _names_from_table(_split_table(text))
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


def check_count(names: Sequence[str], class_count: int, model: str) -> None:
    """Raises `InvalidInput` unless there is one name for each class.

    Args:
        names: class names.
        class_count: number of classes of the network.
        model: name of its file, for the error.
    """
    if len(names) != class_count:
        raise invalid(
            f"class names of {make_printable(model, 60)}",
            expected=f"{class_count:,} names, one for each class",
            received=amounts.format_count(len(names), "name"),
            next_step="correct or remove the file of class names",
        )


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
        by_index = {int(str(index)): _to_name(name) for index, name in indexed_names if _is_index(index)}
        if pairs and sorted(by_index) == list(range(len(pairs))):
            return [by_index[index] for index in range(len(pairs))]
    raise Refused("class names without the indices 0, 1, 2 and so on")


def _is_index(value: Any) -> bool:
    return _INDEX.fullmatch(str(value)) is not None


def _to_name(value: Any) -> str:
    """Returns the name in a JSON value. Keras' ImageNet classes are pairs: an identifier and the name."""
    if isinstance(value, list) and value and isinstance(value[-1], str):
        return value[-1]
    if isinstance(value, str | int):
        return str(value)
    raise Refused("class names that are not text")


def _split_table(text: str) -> list[list[str]]:
    """Returns the rows of a table; its delimiter is the first one that splits all rows."""
    try:
        tables = [list(csv.reader(io.StringIO(text), delimiter=delimiter)) for delimiter in _DELIMITERS]
    except csv.Error:  # such as a cell of over 128 KB
        raise Refused("a table that is not valid CSV") from None
    return next((rows for rows in tables if all(len(row) != 1 for row in rows)), tables[0])


def _names_from_table(rows: list[list[str]]) -> list[str]:
    """Returns the names in a table: a column of names, or two with indices, with or without a header."""
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if rows and all(len(row) == 1 for row in rows):
        return [row[0] for row in rows[rows[0][0].lower() in _HEADERS :]]
    if not all(len(row) >= 2 for row in rows):
        raise Refused("a table whose rows lack a name and an index")
    try:
        return _names_from_pairs([(row[0], row[1]) for row in rows])
    except Refused:
        return _names_from_pairs([(row[0], row[1]) for row in rows[1:]])  # the first row is a header


def _names_from_lines(lines: list[str]) -> list[str]:
    """Returns one name per line, by number if all lines have numbers, from 0 on in any order."""
    matches = [match for line in lines if (match := _NUMBERED.fullmatch(line))]
    by_number = {int(match[1]): match[2] for match in matches}
    is_numbered = sorted(by_number) == list(range(len(lines)))
    return [by_number[number] for number in range(len(lines))] if is_numbered else lines
