"""`studio weights list|pull|verify`: manages pretrained weights."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from studio.cli import console, flags
from studio.core import amounts, paths
from studio.core.weights import pretrained
from studio.core.weights.pretrained import Status


def add(commands: Any) -> None:
    """Adds the commands."""
    help = "list, download and check the pretrained weights"
    actions = flags.add_group(commands, "weights", help, default="list", metavar="list|pull|verify")
    flags.add_command(actions, "list", "list pretrained weights, and whether they are downloaded", _list)
    pull = flags.add_command(actions, "pull", "download missing weights", _pull)
    pull.add_argument(
        "--from",
        dest="source",
        metavar="PATH",
        help="use the original file or its folder instead of a download",
    )
    verify = flags.add_command(actions, "verify", "verify the checksums of the downloaded weights", _verify)
    for parser in (pull, verify):
        parser.add_argument(
            "name", metavar="NAME", nargs="?", help="a name from `studio weights list`; all if omitted"
        )


def _list(arguments: argparse.Namespace) -> int:
    statuses = [pretrained.get_status(name) for name in pretrained.list_names()]
    return _print_statuses(statuses, map(_format_status, statuses), arguments)


def _print_statuses(
    statuses: list[Status], lines: Iterable[str], arguments: argparse.Namespace, note: str = ""
) -> int:
    values = {"weights": [asdict(status) for status in statuses]}
    return console.print_output(arguments, values, lines, note)


def _format_status(status: Status) -> str:
    if status.cached:
        return f"{_pad_name(status)} here, {amounts.format_bytes(status.bytes)}, from {status.where}"
    size = amounts.format_bytes(status.download_bytes) if status.download_bytes else "unknown size"
    return f"{_pad_name(status)} not here yet, {size} from {status.where}"


def _pad_name(status: Status) -> str:
    return status.name.ljust(max(map(len, pretrained.list_names())))


def _pull(arguments: argparse.Namespace) -> int:
    names = [arguments.name] if arguments.name else pretrained.list_names()
    source = paths.expand_user(arguments.source) if arguments.source else None
    for name in names:
        title = pretrained.get_entry(name).title
        with console.show_progress(title, arguments) as progress:
            path = pretrained.pull(name, progress, source=source)
        if not arguments.json:
            console.print_line(str(path))
    if arguments.json:
        console.print_json({"weights": [asdict(pretrained.get_status(name)) for name in names]})
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    downloaded = [name for name in pretrained.list_names() if pretrained.get_status(name).cached]
    statuses = [pretrained.verify(name) for name in ([arguments.name] if arguments.name else downloaded)]
    lines = [f"{_pad_name(status)} intact, {status.path}" for status in statuses]
    note = "" if statuses else "No weights are downloaded yet. Run `studio weights pull`."
    return _print_statuses(statuses, lines, arguments, note)
