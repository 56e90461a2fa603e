"""Stars, tags and names: what an owner says of an item, kept in its folder next to what the studio says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from studio.core import paths
from studio.core.errors import Unavailable, invalid, is_printable
from studio.core.owners import LOCAL
from studio.engine.jobs import store
from studio.engine.jobs.parts import MOST_NAME, MOST_TAG, MOST_TAGS
from studio.engine.jobs.parts import Marks as StoredMarks
from studio.gallery import index, items
from studio.gallery.items import Item


def change(
    id: str,
    owner: str = LOCAL,
    *,
    starred: bool | None = None,
    tags: Iterable[str] | None = None,
    more: Iterable[str] = (),
    less: Iterable[str] = (),
    name: str | None = None,
) -> Item:
    """Marks an item again. Returns it.

    Args:
        starred: whether it has a star; None leaves that as it is.
        tags: all that it shall have; None leaves them as they are.
        more, less: tags that it gets besides, and that it loses; none of both is kept.
        name: what it is called, "" for what it was made of; None leaves it as it is.

    Raises:
        Unavailable: if there is no such item, or it is another owner's.
        InvalidInput: if a tag or name is too long or no text, or there are too many tags.
        NoRoom: if the disk is full.
    """
    # Whoever marks reads, changes and writes all marks: two at once would lose those of one.
    with paths.locked(paths.folder("locks") / "marks.lock"):
        item = items.find(id, owner)
        marks = item.marks
        if starred is not None:
            marks = replace(marks, starred=starred)
        gone = {index.one_tag(tag) for tag in less}
        wanted = [*(marks.tags if tags is None else tags), *more]
        marks = replace(marks, tags=_tags(tag for tag in wanted if index.one_tag(tag) not in gone))
        if name is not None:
            marks = replace(marks, name=_text("name", name, MOST_NAME))
        if not item.folder.is_dir():  # removed just now: a folder with marks alone would be an odd one
            raise Unavailable(items.GONE)
        stored = StoredMarks(starred=marks.starred, tags=list(marks.tags), name=marks.name)
        store.Folder(item.folder).write(StoredMarks, stored)
        index.refresh(item.folder)
        return replace(item, marks=marks)


def _tags(given: Iterable[str]) -> tuple[str, ...]:
    tags = tuple(dict.fromkeys(tag for one in given if (tag := index.one_tag(_text("tag", one, MOST_TAG)))))
    if len(tags) > MOST_TAGS:
        step = "leave some out"
        raise invalid("tags", expected=f"at most {MOST_TAGS}", received=len(tags), next_step=step)
    return tags


def _text(what: str, given: str, most: int) -> str:
    text = " ".join(given.split())
    if not is_printable(text) or len(text.casefold()) > most:
        expected = f"at most {most} characters that can be read"
        received = f"{len(text)} characters" if is_printable(text) else text
        raise invalid(what, expected=expected, received=received)
    return text
