"""`studio gallery list|show|mark|boards|export|remove|owners`: the results of pages and commands."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from studio.cli import console, flags
from studio.core import amounts, paths, tasks
from studio.core.errors import InvalidInput, Unavailable, invalid, make_printable, unknown
from studio.gallery import boards, export, index, items, marks, owners, removal, search_words, unreadable
from studio.gallery.index import Entry, Filter
from studio.run import outputs, terminal

DEFAULT_LISTED = 50
_TITLE_WIDTH = 25  # length of the longest task title


def add(commands: Any) -> None:
    """Adds the commands."""
    help = "list, show, mark, export and remove results"
    metavar = "list|show|mark|boards|export|remove|owners"
    actions = flags.add_group(commands, "gallery", help, default="list", metavar=metavar)
    list_parser = flags.add_command(actions, "list", "list results, newest first", _list)
    _add_filter_flags(list_parser)
    list_parser.add_argument("words", nargs="*", metavar="WORD", help="words that the recipe must contain")
    list_parser.add_argument(
        "-n",
        "--most",
        default=str(DEFAULT_LISTED),
        metavar="N",
        help="number of results to list; 0 lists all",
    )
    list_parser.add_argument(
        "--removed", action="store_true", help="list removed results that can be restored"
    )
    show = flags.add_command(actions, "show", "show how a result was made", _show)
    show.add_argument(
        "id", metavar="ID", help="an ID from `studio gallery list`, or a file that the studio saved"
    )
    _add_owner_flag(show)
    _add_mark_command(actions)
    _add_boards_command(actions)
    export_parser = flags.add_command(
        actions, "export", "save items as one zip, each file with its recipe", _export
    )
    export_parser.add_argument(
        "ids", nargs="*", metavar="ID", help="IDs from `studio gallery list`; all results if omitted"
    )
    export_parser.add_argument("-o", "--out", required=True, metavar="OUT.zip", help="path of the zip")
    export_parser.add_argument("--words", default="", help="only results with these words in their recipe")
    _add_filter_flags(export_parser)
    remove = flags.add_command(actions, "remove", "remove results from the gallery", _remove)
    remove.add_argument("ids", nargs="+", metavar="ID", help="IDs from `studio gallery list`")
    _add_owner_flag(remove)
    remove.add_argument("--undo", action="store_true", help="restore removed results")
    remove.add_argument(
        "--for-good", action="store_true", help="delete removed results permanently; cannot be undone"
    )
    list_parser = flags.add_command(
        actions, "owners", "list the users of a shared studio and their disk usage", _list_owners
    )
    list_parser.add_argument("--remove", metavar="NAME", help="delete all data of one user permanently")


def _add_mark_command(actions: Any) -> None:
    mark = flags.add_command(actions, "mark", "star, tag or name items", _mark)
    mark.add_argument("ids", nargs="+", metavar="ID", help="IDs from `studio gallery list`")
    mark.add_argument(
        "--star", action=argparse.BooleanOptionalAction, help="add to the favorites, or remove from them"
    )
    mark.add_argument("--tag", action="append", default=[], metavar="TAG", help="add a tag; may be repeated")
    mark.add_argument(
        "--untag", action="append", default=[], metavar="TAG", help="remove a tag; may be repeated"
    )
    mark.add_argument(
        "--board", action="append", default=[], metavar="BOARD", help="put on a board; may be repeated"
    )
    mark.add_argument(
        "--off-board", action="append", default=[], metavar="BOARD", help="take off a board; may be repeated"
    )
    mark.add_argument("--name", help='name of one result ("" for the default name)')
    _add_owner_flag(mark)


def _add_boards_command(actions: Any) -> None:
    parser = flags.add_command(actions, "boards", "list, rename or delete boards", _list_boards)
    parser.add_argument("board", nargs="?", metavar="BOARD", help="board to rename or delete")
    parser.add_argument("--rename", metavar="NAME", help="new name of the board")
    parser.add_argument("--delete", action="store_true", help="delete the board; its results stay")
    _add_owner_flag(parser)


def _add_filter_flags(parser: flags.Parser) -> None:
    parser.add_argument("--kind", default="", metavar="|".join(_KINDS), help="only results of this kind")
    parser.add_argument("--task", default="", help="only results of this task, e.g. style.transfer")
    parser.add_argument("--starred", action="store_true", help="only favorites")
    parser.add_argument("--tag", default="", help="only results with this tag")
    parser.add_argument("--board", default="", help="only results on this board")
    _add_owner_flag(parser)


def _add_owner_flag(parser: flags.Parser) -> None:
    help = "user of a shared studio, from `studio gallery owners`"
    parser.add_argument("--owner", default=items.LOCAL, metavar="NAME", help=help)


_KINDS = get_args(tasks.Kind)


def _build_filter(arguments: argparse.Namespace, words: str) -> Filter:
    """Returns the filter of a command. Raises `InvalidInput` for an unknown kind."""
    if arguments.kind and arguments.kind not in _KINDS:
        raise unknown("`--kind`", arguments.kind, _KINDS)
    marks_filter = {"starred": arguments.starred, "tag": arguments.tag, "board": arguments.board}
    return Filter(arguments.kind, arguments.task, words, **marks_filter)


def _list(arguments: argparse.Namespace) -> int:
    limit, owner = _parse_count(arguments.most), owners.validate(arguments.owner)
    query = _build_filter(arguments, " ".join(arguments.words))
    if arguments.removed:
        entries, total = _find_removed_entries(query, owner)
        entries = entries[:limit]
    else:
        entries, total = index.find(query, owner, limit)
    damaged = (
        unreadable.list_unreadable(removal.removed_folder() if arguments.removed else None, owner)
        if query == index.ALL
        else []
    )
    values = {
        "items": [_entry_as_json(entry) for entry in entries],
        "total": total,
        "unreadable": [{"id": item.id, "name": item.name, "changed": item.changed} for item in damaged],
    }
    lines = [_format_entry(entry) for entry in entries] + [
        _format_columns(item.id, item.changed, "unreadable", "", make_printable(item.name, 80))
        for item in damaged
    ]
    note = f"{total - len(entries):,} more. `-n 0` lists all." if total > len(entries) else ""
    if not (total or damaged):
        note = "No results found. Make something, or try other words."
    return console.print_output(arguments, values, lines, note)


def _parse_count(text: str) -> int | None:
    """Returns the number of `-n`; None for 0, which lists all. Raises `InvalidInput`."""
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # the limit of SQLite
        raise invalid("`-n`", expected="a whole number", received=text, next_step="choose one")
    return int(text) or None


def _find_removed_entries(query: Filter, owner: str) -> tuple[list[Entry], int]:
    """Returns an owner's removed items that match a filter, and their number."""
    entries = [
        index.entry_of(item)
        for item in removal.list_removed(owner)
        if query.kind in ("", item.kind)
        and query.task in ("", item.task)
        and (item.marks.starred or not query.starred)
        and (not query.tag or index.normalize_tag(query.tag) in item.marks.tags)
        and (
            not query.board or index.normalize_tag(query.board) in map(index.normalize_tag, item.marks.boards)
        )
        and all(
            search_words.format_needle(word) in search_words.build_search_text(item)
            for word in query.words.casefold().split()
        )
    ]
    return entries, len(entries)


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    """Returns an entry with the field names of `--json`."""
    return {
        "id": entry.id,
        "kind": entry.kind,
        "task": entry.task,
        "title": entry.title,
        "name": entry.name,
        "created": entry.created,
        "starred": entry.starred,
        "tags": list(entry.tags),
        "boards": list(entry.boards),
        "file": entry.file.name,
        "digest": entry.file.digest,
    }


def _format_entry(entry: Entry) -> str:
    """Returns the line of an entry in a list."""
    boards = [f"board {board}" for board in entry.boards]
    marks = ", ".join([*(["starred"] if entry.starred else []), *entry.tags, *boards])
    name = f"{make_printable(entry.name, 80)} ({marks})" if marks else make_printable(entry.name, 80)
    return _format_columns(entry.id, entry.created, entry.kind, make_printable(entry.title, 20), name)


def _format_columns(id: str, seconds: float, kind: str, title: str, name: str) -> str:
    """Returns a line of the list; `seconds` is the time since 1970."""
    date = time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    return f"{id}  {date}  {kind:<10}  {title:<{_TITLE_WIDTH}}  {name}"


def _show(arguments: argparse.Namespace) -> int:
    path = paths.expand_user(arguments.id)
    if not arguments.id.isalnum() or (
        paths.path_exists(path) and not (items.jobs_folder() / arguments.id).exists()
    ):
        return _show_file(path, arguments)
    owner = owners.validate(arguments.owner)
    if unreadable.find(items.jobs_folder(), arguments.id, owner):
        index.drop(arguments.id)
        raise Unavailable(f"{arguments.id} cannot be read. Run `studio gallery remove {arguments.id}`.")
    item = items.find(arguments.id, owner)
    recipe = item.result.recipe
    facts: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind,
        "task": item.task,
        "created": item.created,
        "marks": item.marks.model_dump(),
        "seconds": item.seconds,
        "files": [
            {
                "name": file.name,
                "kind": file.kind,
                "path": str(items.jobs_folder().parent / "files" / file.digest),
            }
            for file in item.result.files
        ],
        "figures": tasks.summarize_figures(item.result.figures),
        "stopped_early": item.result.stopped_early,
        "settings": item.settings,
        "recipe": None if recipe is None else recipe.model_dump(mode="json"),
    }
    lines = [
        _format_entry(index.entry_of(item)),
        *(f"{make_printable(file['name'], 80)}: {file['path']}" for file in facts["files"]),
        json.dumps(facts["recipe"] or {"settings": item.settings}, indent=2),
    ]
    return console.print_output(arguments, facts, lines)


def _show_file(path: Path, arguments: argparse.Namespace) -> int:
    """Prints the recipe of a file. Returns the exit code."""
    recipe = outputs.read_recipe(path).model_dump(mode="json")
    return console.print_output(arguments, {"recipe": recipe}, [json.dumps(recipe, indent=2)])


def _mark(arguments: argparse.Namespace) -> int:
    names = (*arguments.tag, *arguments.untag, *arguments.board, *arguments.off_board)
    if not names and arguments.star is None and arguments.name is None:
        flag_names = "--star, --tag, --untag, --board, --off-board or --name"
        raise InvalidInput(f"There is nothing to change. Use {flag_names}.")
    if arguments.name is not None and len(arguments.ids) > 1:
        raise InvalidInput("A name can be given to one item only. Name the items one by one.")
    owner = owners.validate(arguments.owner)
    selected = [items.find(id, owner) for id in dict.fromkeys(arguments.ids)]
    changes = {
        "starred": arguments.star,
        "added_tags": arguments.tag,
        "removed_tags": arguments.untag,
        "added_boards": arguments.board,
        "removed_boards": arguments.off_board,
        "name": arguments.name,
    }
    for item in selected:
        marks.change_marks(item.id, owner, **changes)
    entries = [index.entry_of(items.find(item.id, owner)) for item in selected]
    values = {"items": [_entry_as_json(entry) for entry in entries]}
    return console.print_output(arguments, values, map(_format_entry, entries))


def _list_boards(arguments: argparse.Namespace) -> int:
    owner, name = owners.validate(arguments.owner), arguments.board
    if arguments.rename is not None and arguments.delete:
        raise InvalidInput("Use either `--rename` or `--delete`. Leave one of them out.")
    if (name is None) != (arguments.rename is None and not arguments.delete):
        raise InvalidInput("Give a board together with `--rename NAME` or `--delete`.")
    if arguments.delete:
        boards.delete(name, owner)
    elif name is not None:
        boards.rename(name, arguments.rename, owner)
    counts = {board: index.find(Filter(board=board), owner, 0)[1] for board in index.list_boards(owner)}
    lines = [
        f"{make_printable(board, 40):<40}  {amounts.format_count(count, 'result')}"
        for board, count in counts.items()
    ]
    note = "" if counts else "There are no boards. `studio gallery mark ID --board NAME` begins one."
    values = {"boards": [{"name": board, "items": count} for board, count in counts.items()]}
    return console.print_output(arguments, values, lines, note)


def _export(arguments: argparse.Namespace) -> int:
    path = paths.expand_user(arguments.out)
    if path.suffix.lower() != ".zip":
        label, received = f"output {make_printable(path.name, 60)}", path.suffix or "a name without an ending"
        raise invalid(label, expected="a name that ends in .zip", received=received, next_step="rename it")
    target = outputs.resolve_output(arguments.out, "dataset")
    query, owner = _build_filter(arguments, arguments.words), owners.validate(arguments.owner)
    if arguments.ids and query != Filter():
        raise InvalidInput("Export takes IDs or a filter, not both. Leave one of them out.")
    ids: Sequence[str] = arguments.ids or [entry.id for entry in index.find(query, owner)[0]]
    started, selected = time.monotonic(), []
    for id in dict.fromkeys(ids):
        try:
            item = items.find(id, owner)
            if not item.is_complete:
                raise Unavailable(f"Files of {id}, {item.title}, are no longer here. Leave it out.")
            selected.append(item)
        except Unavailable as error:
            if arguments.ids:
                raise
            terminal.print_note(f"{id} was skipped. {error}")
    export.save_zip(selected, target)
    return console.report_file(path, time.monotonic() - started, {"items": len(selected)}, arguments)


def _remove(arguments: argparse.Namespace) -> int:
    if arguments.undo and arguments.for_good:
        raise InvalidInput("Use either `--undo` or `--for-good`. Leave one of them out.")
    ids, owner = arguments.ids, owners.validate(arguments.owner)
    if arguments.undo:
        ids = removal.restore(ids, owner)
    elif arguments.for_good:
        removal.delete(ids, owner)
    else:
        ids = removal.remove(ids, owner)
    is_removed = not (arguments.undo or arguments.for_good)
    note = "Removed. `studio gallery remove --undo ID` restores a result." if is_removed else ""
    return console.print_output(arguments, {"ids": ids}, ids, note)


def _list_owners(arguments: argparse.Namespace) -> int:
    owner_list = owners.list_owners() if arguments.remove is None else [owners.remove(arguments.remove)]
    note = "" if owner_list else "There are no results yet."
    if arguments.remove is not None:
        note = "Deleted permanently. Files less than a day old are deleted within a week."
    values = {"owners": [asdict(owner) for owner in owner_list]}
    return console.print_output(arguments, values, map(_format_owner, owner_list), note)


def _format_owner(owner: owners.Owner) -> str:
    date = time.strftime("%Y-%m-%d", time.localtime(owner.last_changed))
    size, item_count = amounts.format_bytes(owner.bytes), amounts.format_count(owner.items, "item")
    return f"{make_printable(owner.name, 60):<40}  {date}  {size:>8}  {item_count}"
