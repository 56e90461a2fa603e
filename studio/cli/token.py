"""`studio token`: prints, creates and revokes API tokens."""

from __future__ import annotations

import argparse
from typing import Any

from studio.cli import console, flags
from studio.core import tokens
from studio.core.errors import InvalidInput
from studio.core.owners import LOCAL
from studio.gallery import owners


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_command(commands, "token", "print the API token of this studio", _run)
    parser.add_argument("--new", action="store_true", help="create a new token; the old one stops working")
    help = "create a token for a user of a shared studio, named as in `studio gallery owners`"
    parser.add_argument("--owner", metavar="NAME", help=help)
    help = "revoke all tokens of a user of a shared studio; requests with them return 401"
    parser.add_argument("--revoke", metavar="NAME", help=help)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.revoke is not None:
        revoked = _revoke(arguments.revoke)
        return console.print_output(arguments, {"revoked": revoked}, [f"Tokens revoked: {revoked}"])
    if arguments.owner is None:
        token = tokens.ensure_own(renew=arguments.new)
    else:
        owner = owners.validate(arguments.owner)
        if arguments.new:
            tokens.revoke(owner)
        token = tokens.create(owner)
    return console.print_output(arguments, {"token": token}, [token])


def _revoke(owner: str) -> int:
    """Revokes all tokens of an owner, who need not have results. Returns how many; none is an error."""
    if owner == LOCAL:
        raise InvalidInput(f"{LOCAL} always has a token. Use `studio token --new` to replace it.")
    revoked = tokens.revoke(owner)
    if not revoked:
        raise InvalidInput(f"{owner} has no token. `studio gallery owners` lists who shares this studio.")
    return revoked
