"""`studio share`: writes a model as one HTML page."""

from __future__ import annotations

import argparse
import time
from typing import Any

from studio.cli import console, flags
from studio.core import paths
from studio.core.errors import invalid, make_printable
from studio.core.share import page
from studio.run import input_files, outputs

_ENDING = ".html"


def add(commands: Any) -> None:
    """Adds the command."""
    help = "write a model as one HTML page that works offline in a browser"
    parser = flags.add_command(commands, "share", help, _run)
    parser.add_argument("model", metavar="MODEL", help="a trained model: its name, folder or zip")
    parser.add_argument("-o", "--out", required=True, metavar="PAGE.html", help="path of the page")


def _run(arguments: argparse.Namespace) -> int:
    path = paths.expand_user(arguments.out)
    if path.suffix.lower() != _ENDING:
        label, received = f"output {make_printable(path.name, 60)}", path.suffix or "a name without an ending"
        raise invalid(label, expected=f"a name that ends in {_ENDING}", received=received)
    target = outputs.resolve_output(arguments.out, "network", [arguments.model], (_ENDING,))
    start_time = time.monotonic()
    preset = input_files.open_model(arguments.model)
    with console.show_progress("Share", arguments) as progress:
        data = page.build(preset, progress)
    paths.write(target, data)
    return console.report_file(path, time.monotonic() - start_time, {"bytes": len(data)}, arguments)
