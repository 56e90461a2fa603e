"""The names of classes, as people keep them next to a model: a line each, in JSON, or in a table.

Teachable Machine writes `0 Cat` a line, Keras' generators `{"Cat": 0}`; any of them is read by what it says.
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
MOST_BYTES = 1 << 20
_MOST_LETTERS = 200
_MOST_DEPTH = 8


def read(data: bytes, name: str) -> tuple[str, ...]:
    """The names in a file, in the order of the network's answers.

    Args:
        data: of the file.
        name: of the file, whose ending says how it is written.

    Raises:
        Refused: if it holds no list of names.
    """
    if len(data) > MOST_BYTES:
        raise Refused("class names that are too long")
    try:
        text = data.decode("utf-8-sig")
    except ValueError:
        raise Refused("class names that are not UTF-8 text") from None
    ending = PurePath(name).suffix.lower()
    if ending == ".json":
        found = _of_json(strict_json.parsed(text.encode(), _MOST_DEPTH))
    elif ending == ".csv":
        found = _of_table(list(csv.reader(io.StringIO(text))))
    else:
        found = _of_lines([line.strip() for line in text.splitlines() if line.strip()])
    names = tuple(" ".join(one.split()) for one in found)
    if not names or not all(0 < len(one) <= _MOST_LETTERS and is_printable(one) for one in names):
        raise Refused("no list of class names")
    return names


def written(names: Sequence[str]) -> bytes:
    """Names as a file `labels.txt`, as `read` reads them: numbered, so that `0 Cat` may be a name, too."""
    return "".join(f"{n} {name}\n" for n, name in enumerate(names)).encode()


def _of_json(found: Any) -> list[str]:
    if isinstance(found, dict):
        for key in ("labels", "classes", "class_names", "wordLabels"):
            if isinstance(found.get(key), list | dict):
                return _of_json(found[key])
        return _of_pairs(list(found.items()))
    if isinstance(found, list) and all(isinstance(one, str) for one in found):
        return found
    raise Refused("no list of class names")


def _of_pairs(pairs: list[tuple[Any, Any]]) -> list[str]:
    """Names by number, or numbers by name."""
    for places, names in (
        (zip(*pairs, strict=True), zip(*((b, a) for a, b in pairs), strict=True)) if pairs else ()
    ):
        numbers = [int(str(one)) if str(one).isdecimal() else -1 for one in places]
        if sorted(numbers) == list(range(len(numbers))):
            return [str(name) for _, name in sorted(zip(numbers, names, strict=True), key=lambda one: one[0])]
    raise Refused("class names without the indices 0, 1, 2 and so on")


def _of_table(rows: list[list[str]]) -> list[str]:
    rows = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if rows and all(len(row) == 1 for row in rows):
        return [row[0] for row in rows]
    if not all(len(row) >= 2 for row in rows):
        raise Refused("a table whose rows lack a name and an index")
    try:
        return _of_pairs([(row[0], row[1]) for row in rows])
    except Refused:
        return _of_pairs([(row[0], row[1]) for row in rows[1:]])  # its first row says what stands where


def _of_lines(lines: list[str]) -> list[str]:
    parts = [line.partition(" ") for line in lines]
    numbered = all(number == str(n) and name.strip() for n, (number, _, name) in enumerate(parts))
    return [name.strip() for *_, name in parts] if numbered else lines
