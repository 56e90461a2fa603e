"""`studio --server URL COMMAND ...`: the same command, its work done by the studio of another machine."""

from __future__ import annotations

import argparse
from typing import Any

from studio.core.errors import InvalidInput
from studio.run.machine import HERE, Machine

_CAN = "elsewhere"  # set by commands whose work another machine can do


def add_flags(parser: Any) -> None:
    """Adds what stands before a command."""
    help = "let the studio at this address do the work, e.g. http://box:8501"
    parser.add_argument("--server", metavar="URL", help=help)
    help = "for that studio, as `studio token` prints it there (default: what STUDIO_SERVER_TOKEN holds)"
    parser.add_argument("--token", dest="server_token", metavar="TOKEN", help=help)


def allow(parser: Any) -> None:
    """Says that another machine can do the work of a command."""
    parser.set_defaults(**{_CAN: True})


def check(arguments: argparse.Namespace) -> None:
    """Raises `InvalidInput` if another machine is named to a command that it cannot do."""
    if getattr(arguments, "server", None) and not getattr(arguments, _CAN, False):
        raise InvalidInput(
            f"`{arguments.command}` works with what this machine has, so another one cannot do it. "
            "Leave `--server` out, or give the command on that machine."
        )


def machine(arguments: argparse.Namespace) -> Machine:
    """Where the work of a command is done. Raises as `studio.run.remote.Remote`."""
    if not getattr(arguments, "server", None):
        return HERE
    from studio.run.remote import Remote  # which loads what nobody needs who works here

    return Remote(arguments.server, arguments.server_token or "")
