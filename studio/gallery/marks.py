"""Stars, tags and names: the owner's marks of an item, stored in its folder."""

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
    """Changes the marks of an item. Returns the item.

    Args:
        id: id of the item.
        owner: owner of the item.
        starred: whether it has a star; None keeps that.
        tags: all tags; None keeps them.
        more, less: tags to add and to remove; a tag in both is removed.
        name: its name, "" for the default name; None keeps it.

    Raises:
        Unavailable: if there is no such item, or it is another owner's.
        InvalidInput: if a tag or name is too long or not printable, or there are too many tags.
        InsufficientSpace: if the disk is full.
    """
    # Lock reading and writing of marks, because of two concurrent changes one would be lost.
    with paths.locked(paths.folder("locks") / "marks.lock"):
        item = items.find(id, owner)
        marks = item.marks
        if starred is not None:
            marks = replace(marks, starred=starred)
        removed = {index.normalize_tag(tag) for tag in less}
        names = [*(marks.tags if tags is None else tags), *more]
        marks = replace(marks, tags=_tags(tag for tag in names if index.normalize_tag(tag) not in removed))
        if name is not None:
            marks = replace(marks, name=_text("name", name, MOST_NAME))
        if not item.folder.is_dir():  # removed meanwhile; do not create a folder with marks only
            raise Unavailable(items.GONE)
        stored = StoredMarks(starred=marks.starred, tags=list(marks.tags), name=marks.name)
        store.Folder(item.folder).write(StoredMarks, stored)
        index.refresh(item.folder)
        return replace(item, marks=marks)


def _tags(names: Iterable[str]) -> tuple[str, ...]:
    texts = [_text("tag", name, MOST_TAG) for name in names]
    tags = tuple(dict.fromkeys(tag for text in texts if (tag := index.normalize_tag(text))))
    if len(tags) > MOST_TAGS:
        step = "leave some out"
        raise invalid("tags", expected=f"at most {MOST_TAGS}", received=len(tags), next_step=step)
    return tags


def _text(label: str, value: str, most: int) -> str:
    text = " ".join(value.split())
    if not is_printable(text) or len(text.casefold()) > most:
        expected = f"at most {most} characters that can be read"
        received = f"{len(text)} characters" if is_printable(text) else text
        raise invalid(label, expected=expected, received=received)
    return text
