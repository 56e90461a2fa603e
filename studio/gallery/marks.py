"""Stars, tags, names and boards: the owner's marks of an item, stored in its folder."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from studio.core import paths
from studio.core.errors import Unavailable, invalid, is_printable
from studio.core.owners import LOCAL
from studio.engine.jobs import store
from studio.engine.jobs.records import MAX_NAME_CHARACTERS, MAX_TAG_CHARACTERS, MAX_TAGS, Marks
from studio.gallery import index, items
from studio.gallery.items import Item


def change_marks(
    id: str,
    owner: str = LOCAL,
    *,
    starred: bool | None = None,
    tags: Iterable[str] | None = None,
    added_tags: Iterable[str] = (),
    removed_tags: Iterable[str] = (),
    boards: Iterable[str] | None = None,
    added_boards: Iterable[str] = (),
    removed_boards: Iterable[str] = (),
    name: str | None = None,
) -> Item:
    """Changes the marks of an item. Returns the item.

    Args:
        id: id of the item.
        owner: owner of the item.
        starred: whether it has a star; None keeps that.
        tags: all tags; None keeps them.
        added_tags, removed_tags: tags to add and to remove; a tag in both is removed.
        boards: all boards; None keeps them. A board with this name in another case is the same board.
        added_boards, removed_boards: boards to add and to remove; a board in both is added.
        name: its name, "" for the default name; None keeps it.

    Raises:
        Unavailable: if there is no such item, or it is another owner's.
        InvalidInput: if a tag, board or name is too long or not printable, or there are too many of them.
        InsufficientSpace: if the disk is full.
    """
    # Lock reading and writing of marks, because of two concurrent changes one would be lost.
    with paths.locked(paths.ensure_folder("locks") / "marks.lock"):
        item = items.find(id, owner)
        marks, changes = item.marks, dict[str, object]()
        if starred is not None:
            changes["starred"] = starred
        removed_names = {index.normalize_tag(tag) for tag in removed_tags}
        names = [*(marks.tags if tags is None else tags), *added_tags]
        changes["tags"] = _validate_tags(
            tag for tag in names if index.normalize_tag(tag) not in removed_names
        )
        if boards is not None or added_boards or removed_boards:
            left_boards = {index.normalize_tag(board) for board in removed_boards}
            remaining = [
                board
                for board in (marks.boards if boards is None else boards)
                if index.normalize_tag(board) not in left_boards
            ]
            changes["boards"] = _validate_boards([*added_boards, *remaining], left_boards, owner)
        if name is not None:
            changes["name"] = _validate_text("name", name, MAX_NAME_CHARACTERS)
        if not item.folder.is_dir():  # removed meanwhile; do not create a folder with marks only
            raise Unavailable(items.GONE)
        marks = item.marks.model_copy(update=changes)
        store.Folder(item.folder).write(Marks, marks)
        index.refresh(item.folder)
        return replace(item, marks=marks)


def _validate_tags(names: Iterable[str]) -> tuple[str, ...]:
    """Returns normalized tags without duplicates. Raises `InvalidInput` if there are too many."""
    texts = [_validate_text("tag", name, MAX_TAG_CHARACTERS) for name in names]
    tags = tuple(dict.fromkeys(tag for text in texts if (tag := index.normalize_tag(text))))
    if len(tags) > MAX_TAGS:
        step = "leave some out"
        raise invalid("tags", expected=f"at most {MAX_TAGS}", received=f"{len(tags)} tags", next_step=step)
    return tags


def _validate_boards(names: Iterable[str], renamed: Collection[str], owner: str) -> tuple[str, ...]:
    """Returns boards without duplicates, in alphabetical order and spelled as the owner's existing ones.

    Args:
        names: of the boards.
        renamed: normalized names of boards that are about to change, so that their case may change, too.
        owner: owner of the boards.

    Raises:
        InvalidInput: if a name is too long or not printable, or there are too many.
    """
    texts = [_validate_text("board", name, MAX_TAG_CHARACTERS) for name in names]
    spelling = {index.normalize_tag(text): text for text in reversed(texts) if text}
    spelling |= {
        key: board for board in index.list_boards(owner) if (key := index.normalize_tag(board)) not in renamed
    }
    boards = dict.fromkeys(spelling[index.normalize_tag(text)] for text in texts if text)
    if len(boards) > MAX_TAGS:
        raise invalid("boards", expected=f"at most {MAX_TAGS}", received=f"{len(boards)} boards")
    return tuple(sorted(boards, key=str.casefold))


def _validate_text(label: str, value: str, max_characters: int) -> str:
    """Returns a text with single spaces. Raises `InvalidInput` if it is too long or not printable."""
    text = " ".join(value.split())
    if not is_printable(text) or len(text.casefold()) > max_characters:
        expected = f"at most {max_characters} characters that can be read"
        received = f"{len(text)} characters" if is_printable(text) else text
        raise invalid(label, expected=expected, received=received)
    return text
