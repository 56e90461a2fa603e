"""`studio gallery list|show|export|remove`: everything made, by pages and commands alike."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from studio.cli import console, flags, outputs
from studio.core import paths, tasks
from studio.core.errors import InvalidInput, Unavailable, invalid, printable, unknown
from studio.gallery import export, index, items, removal
from studio.gallery.index import Entry, Wanted

MOST_LISTED = 50
_TITLE = 14  # letters of the longest title of a task


def add(commands: Any) -> None:
    """Adds the commands."""
    help = "list, show, export and remove what was made"
    group = commands.add_parser("gallery", help=help, description=help)
    actions = group.add_subparsers(title="commands", metavar="list|show|export|remove", required=True)
    listed = flags.add_leaf(actions, "list", "say what was made, newest first", _list)
    _add_filter(listed)
    listed.add_argument("words", nargs="*", metavar="WORD", help="words that the recipe must have")
    listed.add_argument("-n", "--most", default=str(MOST_LISTED), metavar="N", help="how many (0 for all)")
    listed.add_argument("--removed", action="store_true", help="what was removed and can be brought back")
    show = flags.add_leaf(actions, "show", "say how something was made", _show)
    show.add_argument("id", metavar="ID", help="of `studio gallery list`, or a file that the studio saved")
    packed = flags.add_leaf(actions, "export", "save items as one zip, each file with its recipe", _export)
    packed.add_argument("ids", nargs="*", metavar="ID", help="of `studio gallery list`; all if left out")
    packed.add_argument("-o", "--out", required=True, metavar="OUT.zip", help="where the zip goes")
    packed.add_argument("--words", default="", help="only what has these words in its recipe")
    _add_filter(packed)
    remove = flags.add_leaf(actions, "remove", "take items out of the gallery", _remove)
    remove.add_argument("ids", nargs="+", metavar="ID", help="of `studio gallery list`")
    remove.add_argument("--undo", action="store_true", help="bring removed ones back")
    remove.add_argument("--for-good", action="store_true", help="of removed ones: no undo any more")


def _add_filter(parser: flags.Parser) -> None:
    parser.add_argument("--kind", default="", metavar="|".join(_KINDS), help="only these")
    parser.add_argument("--task", default="", help="only what this task made, e.g. style.transfer")


_KINDS = get_args(tasks.Kind)


def _wanted(arguments: argparse.Namespace, words: str) -> Wanted:
    if arguments.kind and arguments.kind not in _KINDS:
        raise unknown("`--kind`", arguments.kind, _KINDS)
    return Wanted(arguments.kind, arguments.task, words)


def _list(arguments: argparse.Namespace) -> int:
    most = _number(arguments.most)
    if arguments.removed:
        found, total = _removed(_wanted(arguments, " ".join(arguments.words)))
        found = found[:most]
    else:
        found, total = index.find(_wanted(arguments, " ".join(arguments.words)), most=most)
    if arguments.json:
        console.say_json({"items": [_facts(entry) for entry in found], "total": total})
        return 0
    for entry in found:
        console.say(_line(entry))
    if total > len(found) and not arguments.quiet:
        console.note(f"{total - len(found):,} more. Next: `-n 0` lists all.")
    if not total and not arguments.quiet:
        console.note("Nothing is here. Next: make something, or ask for other words.")
    return 0


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) < 19):  # more than that SQLite does not count
        raise invalid("`-n`", expected="a whole number", received=text, next_step="choose one")
    return int(text) or None


def _removed(wanted: Wanted) -> tuple[list[Entry], int]:
    found = [
        index.entry_of(item)
        for item in removal.removed()
        if wanted.kind in ("", item.kind)
        and wanted.task in ("", item.task)
        and all(index.needle(word) in index.words_of(item) for word in wanted.words.casefold().split())
    ]
    return found, len(found)


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "kind": entry.kind,
        "task": entry.task,
        "title": entry.title,
        "name": entry.name,
        "created": entry.created,
        "file": entry.file.name,
        "digest": entry.file.digest,
    }


def _line(entry: Entry) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.created))
    title = printable(entry.title, 20)
    return f"{entry.id}  {when}  {entry.kind:<9}  {title:<{_TITLE}}  {printable(entry.name, 80)}"


def _show(arguments: argparse.Namespace) -> int:
    path = paths.named(arguments.id)
    if not arguments.id.isalnum() or (paths.is_there(path) and not (items.root() / arguments.id).exists()):
        return _show_file(path, arguments)
    item = items.find(arguments.id)
    told: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind,
        "task": item.task,
        "created": item.created,
        "seconds": item.seconds,
        "files": [
            {"name": file.name, "kind": file.kind, "path": str(items.root().parent / "files" / file.digest)}
            for file in item.result.files
        ],
        "figures": item.result.figures,
        "stopped_early": item.result.stopped_early,
        "settings": item.settings,
        "recipe": _plain(item.result.recipe),
    }
    if arguments.json:
        console.say_json(told)
        return 0
    console.say(_line(index.entry_of(item)))
    for file in told["files"]:
        console.say(f"{printable(file['name'], 80)}: {file['path']}")
    _say_recipe(told["recipe"] or {"settings": item.settings})
    return 0


def _show_file(path: Path, arguments: argparse.Namespace) -> int:
    recipe = outputs.recipe_of(path).model_dump(mode="json")
    if arguments.json:
        console.say_json({"recipe": recipe})
    else:
        _say_recipe(recipe)
    return 0


def _plain(recipe: Any) -> dict[str, Any] | None:
    return None if recipe is None else recipe.model_dump(mode="json")


def _say_recipe(recipe: Mapping[str, Any]) -> None:
    console.say(json.dumps(recipe, indent=2))


def _export(arguments: argparse.Namespace) -> int:
    path = paths.named(arguments.out)
    if path.suffix.lower() != ".zip":
        shown, received = f"output {printable(path.name, 60)}", path.suffix or "a name without an ending"
        raise invalid(shown, expected="a name that ends in .zip", received=received, next_step="name it so")
    outputs.checked(arguments.out, "dataset")
    wanted = _wanted(arguments, arguments.words)
    if arguments.ids and wanted != Wanted():
        raise InvalidInput("Export takes ids or a filter, not both. Next: leave one of them out.")
    ids: Sequence[str] = arguments.ids or [entry.id for entry in index.find(wanted)[0]]
    started, taken = time.monotonic(), []
    for item in map(items.find, dict.fromkeys(ids)):
        if item.whole:
            taken.append(item)
        elif arguments.ids:
            raise Unavailable(f"Files of {item.id} are no longer in the studio. Next: leave it out.")
        else:
            console.note(f"{item.id}, {item.title}, is passed over, for files of it are no longer here.")
    export.save(taken, path)
    if arguments.json:
        seconds = round(time.monotonic() - started, 3)
        console.say_json({"path": path, "seconds": seconds, "figures": {"items": len(taken)}})
    else:
        console.say(str(path))
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    if arguments.undo and arguments.for_good:
        raise InvalidInput("Either `--undo` or `--for-good`. Next: leave one of them out.")
    ids = arguments.ids
    if arguments.undo:
        ids = removal.restore(ids)
    elif arguments.for_good:
        removal.forget(ids)
    else:
        ids = removal.remove(ids)
    if arguments.json:
        console.say_json({"ids": ids})
        return 0
    for id in ids:
        console.say(id)
    if not (arguments.undo or arguments.for_good or arguments.quiet):
        console.note("Removed. `studio gallery remove --undo ID` brings one back.")
    return 0
