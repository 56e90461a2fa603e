"""A quick index of all items, thrown away and rebuilt at will: the folders are the truth.

It is one SQLite file in the cache. Whoever asks first brings it up to date: what is new among the folders is
read once, what is gone is dropped. What came of a job never changes once it is written, so nothing is read
again but what somebody marked. A damaged index, or one that cannot be written, costs the time of a rebuild
and nothing more.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from studio.core import paths, permissions
from studio.core.errors import invalid
from studio.core.tasks import File, Kind
from studio.engine.jobs import store
from studio.engine.jobs.parts import Outcome, Request
from studio.gallery import items, search_words
from studio.gallery.items import LOCAL, Item

FORMAT = 1
_WAIT_SECONDS = 10
_TABLE = """
CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, owner TEXT, kind TEXT, task TEXT, title TEXT,
    name TEXT, created REAL, digest TEXT, file TEXT, starred INTEGER, tags TEXT, words TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_an_owner ON items (owner, id);
CREATE INDEX IF NOT EXISTS of_a_file ON items (digest);
"""
_COLUMNS = "id, kind, task, title, name, created, digest, file, starred, tags"
_BETWEEN = "\n"  # stands before, between and after the tags of an item, and in none


_VALUES = ", ".join("?" * 12)


@dataclass(frozen=True)
class Entry:
    """An item as lists show it.

    Attributes:
        id, kind, task, title, created: as of `Item`.
        name: its own, else what it was made of, in words: "chelsea + mosaic".
        file: its main file.
        starred, tags: as its owner marked it.
    """

    id: str
    kind: Kind
    task: str
    title: str
    name: str
    created: float
    file: File
    folder: Path = field(repr=False)
    starred: bool = False
    tags: tuple[str, ...] = ()

    def thumbnail(self) -> bytes:
        """A small image of it as WebP."""
        return items.thumbnail(self.folder, self.file)


@dataclass(frozen=True)
class Wanted:
    """What to look for.

    Attributes:
        kind, task: "" for all.
        words: each of them must occur in the item's recipe, name or date, in any case and order. A number
            counts as a whole, and `seed=7` is that very setting.
        digest: of the main file, "" for any.
        starred: whether only what has a star.
        tag: one that it has, in any case; "" for any.
    """

    kind: str = ""
    task: str = ""
    words: str = ""
    digest: str = ""
    starred: bool = False
    tag: str = ""


ALL = Wanted()
log = logging.getLogger("studio.gallery")
T = TypeVar("T")


def find(
    wanted: Wanted = ALL, owner: str = LOCAL, most: int | None = None, skip: int = 0
) -> tuple[list[Entry], int]:
    """The items that are wanted, newest first: at most `most` of them after the first `skip`; and how many
    there are in all."""
    where, values = _where(wanted, owner)
    chosen = f"SELECT {_COLUMNS} FROM items WHERE {where} ORDER BY id DESC LIMIT ? OFFSET ?"

    def query(index: sqlite3.Connection) -> tuple[list[tuple[Any, ...]], int]:
        total = index.execute(f"SELECT count(*) FROM items WHERE {where}", values).fetchone()[0]
        return index.execute(chosen, [*values, -1 if most is None else most, skip]).fetchall(), total

    rows, total = _asked(query)
    root = items.root()
    return [_entry(row, root) for row in rows], total


def tasks_of(owner: str = LOCAL) -> dict[str, str]:
    """The tasks that the owner's items were made by: name -> title, by title."""
    chosen = "SELECT DISTINCT task, title FROM items WHERE owner = ? AND kind != '' ORDER BY title, task"
    return _asked(lambda index: dict(index.execute(chosen, [owner]).fetchall()))


def tags_of(owner: str = LOCAL) -> list[str]:
    """The tags that the owner's items have, by the alphabet."""
    chosen = "SELECT DISTINCT tags FROM items WHERE owner = ? AND tags != ''"
    rows = _asked(lambda index: index.execute(chosen, [owner]).fetchall())
    return sorted({tag for (tags,) in rows for tag in _apart(tags)})


def unlisted() -> list[Path]:
    """The folders that are neither items nor jobs that made nothing: jobs under way, and odd ones."""
    known = _asked(lambda index: {row[0] for row in index.execute("SELECT id FROM items")})
    root = items.root()
    return [root / name for name in _names(root) if name not in known]


def forget(id: str) -> None:
    """Reads a folder again that was an item when it was last read, and can no longer be found."""

    def query(index: sqlite3.Connection) -> None:
        with index:
            index.execute("DELETE FROM items WHERE id = ?", [id])

    _asked(query)


def refresh(folder: Path) -> None:
    """Reads an item's folder again, in which something was marked."""

    def query(index: sqlite3.Connection) -> None:
        with index:
            index.execute("BEGIN IMMEDIATE")  # who marks at the same time reads after this, or before
            if row := _row(folder):
                index.execute(f"INSERT OR REPLACE INTO items VALUES ({_VALUES})", row)

    _asked(query)


def _where(wanted: Wanted, owner: str) -> tuple[str, list[Any]]:
    rules, values = ["owner = ?", "kind != ''"], [owner]
    for column, value in (("kind", wanted.kind), ("task", wanted.task), ("digest", wanted.digest)):
        if value:
            rules.append(f"{column} = ?")
            values.append(value)
    if wanted.starred:
        rules.append("starred")
    if tag := one_tag(wanted.tag):
        rules.append("instr(tags, ?)")
        values.append(f"{_BETWEEN}{tag}{_BETWEEN}")
    for word in wanted.words.casefold().split():
        rules.append("instr(words, ?)")
        values.append(search_words.needle(word))
    try:
        "".join(values).encode()
    except UnicodeEncodeError:  # a terminal hands on any bytes
        given = " ".join((wanted.kind, wanted.task, wanted.words, wanted.tag)).strip()
        raise invalid("search", expected="words", received=given, next_step="type them again") from None
    return " AND ".join(rules), values


def _entry(row: tuple[Any, ...], root: Path) -> Entry:
    id, kind, task, title, name, created, digest, file, starred, tags = row
    main = File(digest, kind, file)
    return Entry(id, kind, task, title, name, created, main, root / id, bool(starred), _apart(tags))


def one_tag(text: str) -> str:
    """A tag as it is kept: in small letters, with single spaces."""
    return " ".join(text.casefold().split())


def _apart(tags: str) -> tuple[str, ...]:
    return tuple(filter(None, tags.split(_BETWEEN)))


def entry_of(item: Item) -> Entry:
    """An item as lists show it."""
    about = (item.id, item.kind, item.task, item.title, item.name, item.created, item.result.files[0])
    return Entry(*about, item.folder, item.marks.starred, item.marks.tags)


def _asked(query: Callable[[sqlite3.Connection], T]) -> T:
    """Asks the index on disk, made again if it cannot be read; in memory where it cannot be written."""
    path = paths.folder("cache") / f"gallery-{FORMAT}.sqlite"
    for _ in range(2):
        with suppress(OSError):
            path.touch(permissions.FILE)
        with suppress(sqlite3.DatabaseError), closing(_connected(path)) as index:
            return query(index)
        with suppress(OSError):
            path.unlink(missing_ok=True)
    with closing(_connected(":memory:")) as index:
        return query(index)


def _connected(path: Path | str) -> sqlite3.Connection:
    index = sqlite3.connect(path, timeout=_WAIT_SECONDS)
    try:
        index.execute("PRAGMA synchronous = OFF")  # after a crash it is made again
        index.executescript(_TABLE)
        _catch_up(index)
        return index
    except BaseException:
        index.close()
        raise


def _catch_up(index: sqlite3.Connection) -> None:
    known = {row[0] for row in index.execute("SELECT id FROM items")}
    root = items.root()
    there = _names(root)
    gone, new = known - there, there - known
    rows = [row for id in sorted(filter(store.is_id, new)) if (row := _row(root / id))]
    if gone or rows:
        with index:
            index.executemany("DELETE FROM items WHERE id = ?", [(id,) for id in gone])
            index.executemany(f"INSERT OR IGNORE INTO items VALUES ({_VALUES})", rows)


def _names(root: Path) -> set[str]:
    return {entry.name for entry in os.scandir(root) if not entry.name.startswith(".")}


def _row(folder: Path) -> tuple[Any, ...] | None:
    """What the index holds of a folder: nothing until it is known what came of it, or where that is odd; and
    no more than its id where it is no item."""
    try:
        item = items.read(folder)
        if item is not None:
            file, name, marks = item.result.files[0], item.name, item.marks
            about = (item.owner, item.kind, item.task, item.title, name, item.created, file.digest, file.name)
            tags = _BETWEEN.join(("", *marks.tags, "")) if marks.tags else ""
            return item.id, *about, marks.starred, tags, search_words.words_of(item)
        kept = store.Folder(folder)
        ended = kept.read(Request) is not None and kept.read(Outcome) is not None
        return (folder.name, "", "", "", "", "", 0.0, "", "", False, "", "") if ended else None
    except Exception:  # one of many: the others can be listed
        log.exception("%s cannot be listed", folder.name)
        return None
