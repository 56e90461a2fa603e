"""A fast index of all items, which can be deleted at any time: the folders are the source of truth.

It is one SQLite file in the cache. Each query first updates it: reads new folders, drops removed ones. The
result of a job never changes, so only marked items are read again. A damaged or read-only index only costs
the time of a rebuild.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from studio.core import paths, permissions
from studio.core.errors import invalid
from studio.core.tasks import File, Kind
from studio.engine.jobs import store
from studio.engine.jobs.records import Outcome, Request
from studio.gallery import items, search_words
from studio.gallery.items import LOCAL, Item

FORMAT = 3  # version of the table
_WAIT_SECONDS = 10
_MAX_WORDS = 100  # of a search, in which others are ignored; SQLite's expressions have at most 1,000 levels
_TABLE = """
CREATE TABLE IF NOT EXISTS items (id TEXT PRIMARY KEY, owner TEXT, kind TEXT, task TEXT, title TEXT,
    name TEXT, created REAL, digest TEXT, file TEXT, starred INTEGER, tags TEXT, models TEXT,
    boards TEXT, words TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS of_an_owner ON items (owner, id);
CREATE INDEX IF NOT EXISTS of_a_file ON items (digest);
"""
_COLUMNS = "id, kind, task, title, name, created, digest, file, starred, tags, boards"
_SEPARATOR = "\n"  # before, between and after the tags, models or boards of an item; never inside one
_VALUES = ", ".join("?" * 14)


@dataclass(frozen=True)
class Entry:
    """An item in a list.

    Attributes:
        id, kind, task, title, created: as in `Item`.
        name: its name, or else its inputs in words: "chelsea + mosaic".
        file: its main file.
        folder: its folder.
        starred, tags, boards: marks by its owner.
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
    boards: tuple[str, ...] = ()

    def load_thumbnail(self) -> bytes:
        """Returns a thumbnail as WebP."""
        return items.load_thumbnail(self.folder, self.file)


@dataclass(frozen=True)
class Filter:
    """Criteria of a search.

    Attributes:
        kind, task: "" for all.
        words: words that must all occur in the item's recipe, name or date, in any case and order. A number
            must match exactly, and `seed=7` matches that setting.
        digest: SHA-256 of the main file; "" for any.
        starred: whether to find only starred items.
        tag: a tag of the item, in any case; "" for any.
        model: name of weights that the result was made with; "" for any.
        capability: of the task, such as "style"; "" for any.
        board: name of a board, in any case; "" for any.
    """

    kind: str = ""
    task: str = ""
    words: str = ""
    digest: str = ""
    starred: bool = False
    tag: str = ""
    model: str = ""
    capability: str = ""
    board: str = ""


ALL = Filter()
log = logging.getLogger("studio.gallery")
T = TypeVar("T")


def find(
    criteria: Filter = ALL, owner: str = LOCAL, limit: int | None = None, skip: int = 0
) -> tuple[list[Entry], int]:
    """Finds items, newest first.

    Args:
        criteria: criteria of the search.
        owner: owner of the items.
        limit: maximum number of entries; None for all.
        skip: number of entries to skip.

    Returns:
        The entries, and the total number of matches.
    """
    condition, values = _build_where(criteria, owner)
    select = f"SELECT {_COLUMNS} FROM items WHERE {condition} ORDER BY id DESC LIMIT ? OFFSET ?"

    def query(connection: sqlite3.Connection) -> tuple[list[tuple[Any, ...]], int]:
        total = connection.execute(f"SELECT count(*) FROM items WHERE {condition}", values).fetchone()[0]
        return connection.execute(select, [*values, -1 if limit is None else limit, skip]).fetchall(), total

    rows, total = _run_query(query)
    root = items.jobs_folder()
    return [_entry_from_row(row, root) for row in rows], total


def list_tasks(owner: str = LOCAL) -> dict[str, str]:
    """Returns the tasks of the owner's items as name -> title, sorted by title."""
    select = "SELECT DISTINCT task, title FROM items WHERE owner = ? AND kind != '' ORDER BY title, task"
    return _run_query(lambda connection: dict(connection.execute(select, [owner]).fetchall()))


def list_tags(owner: str = LOCAL) -> list[str]:
    """Returns the tags of the owner's items in alphabetical order."""
    return _list_names("tags", owner)


def list_models(owner: str = LOCAL) -> list[str]:
    """Returns the names of the weights that made the owner's items, in alphabetical order."""
    return _list_names("models", owner)


def list_boards(owner: str = LOCAL) -> list[str]:
    """Returns the names of the owner's boards in alphabetical order."""
    return sorted(_list_names("boards", owner), key=str.casefold)


def _list_names(column: str, owner: str) -> list[str]:
    select = f"SELECT DISTINCT {column} FROM items WHERE owner = ? AND {column} != ''"
    rows = _run_query(lambda connection: connection.execute(select, [owner]).fetchall())
    return sorted({name for (names,) in rows for name in _split_names(names)})


def list_unlisted_folders() -> list[Path]:
    """Returns folders that are neither items nor finished jobs without a result: active or damaged jobs."""
    listed_ids = _run_query(lambda connection: {row[0] for row in connection.execute("SELECT id FROM items")})
    root = items.jobs_folder()
    return [root / name for name in _list_folder_names(root) if name not in listed_ids]


def drop(id: str) -> None:
    """Drops an item from the index, so that its folder is read again."""

    def query(connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("DELETE FROM items WHERE id = ?", [id])

    _run_query(query)


def refresh(folder: Path) -> None:
    """Reads an item's folder again after its marks changed."""

    def query(connection: sqlite3.Connection) -> None:
        with connection:
            connection.execute("BEGIN IMMEDIATE")  # serialize concurrent changes of marks
            if row := _read_row(folder):
                connection.execute(f"INSERT OR REPLACE INTO items VALUES ({_VALUES})", row)

    _run_query(query)


def _build_where(criteria: Filter, owner: str) -> tuple[str, list[Any]]:
    """Returns the SQL condition of a search and its parameters. Raises `InvalidInput` for invalid text."""
    conditions, values = ["owner = ?", "kind != ''"], [owner]
    for column, value in (
        ("kind", criteria.kind),
        ("task", criteria.task),
        ("digest", criteria.digest),
        ("substr(task, 1, instr(task, '.') - 1)", criteria.capability),
    ):
        if value:
            conditions.append(f"{column} = ?")
            values.append(value)
    if criteria.starred:
        conditions.append("starred")
    for column, name in (("tags", normalize_tag(criteria.tag)), ("models", criteria.model)):
        if name:
            conditions.append(f"instr({column}, ?)")
            values.append(_join_names([name]))
    if board := normalize_tag(criteria.board):
        conditions.append("instr(casefold(boards), ?)")
        values.append(_join_names([board]))
    for word in criteria.words.casefold().split(maxsplit=_MAX_WORDS)[:_MAX_WORDS]:
        conditions.append("instr(words, ?)")
        values.append(search_words.format_needle(word))
    try:
        "".join(values).encode()
    except UnicodeEncodeError:  # words from a terminal may be any bytes
        text = " ".join(
            (criteria.kind, criteria.task, criteria.words, criteria.tag, criteria.model, criteria.board)
        ).strip()
        raise invalid("search", expected="words", received=text, next_step="type them again") from None
    return " AND ".join(conditions), values


def _entry_from_row(row: tuple[Any, ...], root: Path) -> Entry:
    """Returns the list entry of a row with _COLUMNS."""
    id, kind, task, title, name, created, digest, file_name, starred, tags, boards = row
    file, marks = File(digest, kind, file_name), (bool(starred), _split_names(tags), _split_names(boards))
    return Entry(id, kind, task, title, name, created, file, root / id, *marks)


def normalize_tag(text: str) -> str:
    """Returns a tag in lower case, with single spaces."""
    return " ".join(text.casefold().split())


def _join_names(names: Iterable[str]) -> str:
    text = _SEPARATOR.join(names)
    return f"{_SEPARATOR}{text}{_SEPARATOR}" if text else ""


def _split_names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(_SEPARATOR)))


def entry_of(item: Item) -> Entry:
    """Returns the list entry of an item."""
    fields = (item.id, item.kind, item.task, item.title, item.name, item.created, item.result.files[0])
    return Entry(*fields, item.folder, item.marks.starred, item.marks.tags, item.marks.boards)


def _run_query(query: Callable[[sqlite3.Connection], T]) -> T:
    """Queries the index on disk; rebuilds it if it is damaged, in memory if it cannot be written."""
    path = paths.ensure_folder("cache") / f"gallery-{FORMAT}.sqlite"
    for _ in range(2):
        with suppress(OSError):
            path.touch(permissions.FILE_MODE)
        with suppress(sqlite3.DatabaseError), closing(_open_index(path)) as connection:
            return query(connection)
        with suppress(OSError):
            path.unlink(missing_ok=True)
    with closing(_open_index(":memory:")) as connection:
        return query(connection)


def _open_index(path: Path | str) -> sqlite3.Connection:
    """Opens an index, creates its table if necessary, and updates it."""
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS)
    try:
        # SQLite's own `lower` knows only ASCII.
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        connection.execute("PRAGMA synchronous = OFF")  # it is rebuilt after a crash
        connection.executescript(_TABLE)
        _update(connection)
        return connection
    except BaseException:
        connection.close()
        raise


def _update(connection: sqlite3.Connection) -> None:
    """Adds rows of new folders, and deletes those of removed ones."""
    indexed_ids = {row[0] for row in connection.execute("SELECT id FROM items")}
    root = items.jobs_folder()
    existing_ids = _list_folder_names(root)
    removed_ids, new_ids = indexed_ids - existing_ids, existing_ids - indexed_ids
    rows = [row for id in sorted(filter(store.is_id, new_ids)) if (row := _read_row(root / id))]
    if removed_ids or rows:
        with connection:
            connection.executemany("DELETE FROM items WHERE id = ?", [(id,) for id in removed_ids])
            connection.executemany(f"INSERT OR IGNORE INTO items VALUES ({_VALUES})", rows)


def _list_folder_names(root: Path) -> set[str]:
    return {entry.name for entry in os.scandir(root) if not entry.name.startswith(".")}


def _read_row(folder: Path) -> tuple[Any, ...] | None:
    """Returns the index row of an item's folder.

    The row of a finished job without an item has only its id; an active or damaged job has none.
    """
    try:
        item = items.read(folder)
        if item is not None:
            file, marks = item.result.files[0], item.marks
            fields = (item.id, item.owner, item.kind, item.task, item.title, item.name, item.created)
            models = item.result.recipe.weights if item.result.recipe is not None else ()
            names = _join_names(marks.tags), _join_names(models), _join_names(marks.boards)
            search_text = search_words.build_search_text(item)
            return *fields, file.digest, file.name, marks.starred, *names, search_text
        job = store.Folder(folder)
        is_finished = job.read(Request) is not None and job.read(Outcome) is not None
        return (folder.name, "", "", "", "", "", 0.0, "", "", False, "", "", "", "") if is_finished else None
    except Exception:  # list the other items anyway
        log.exception("%s cannot be listed", folder.name)
        return None
