"""`studio app`: opens the pages, from a checkout or from an installed wheel."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from studio.cli import flags
from studio.core import paths
from studio.core.errors import Unavailable, invalid
from studio.core.process import children


def add(commands: Any) -> None:
    """Adds the command."""
    parser = flags.add_command(commands, "app", "open the pages in a browser", _run)
    parser.add_argument("--port", metavar="N", help="port to listen on (1024 to 65535, default 8501)")
    help = "require a token; the printed URL contains it"
    parser.add_argument("--token", action="store_true", help=help)


def _run(arguments: argparse.Namespace) -> int:
    script = paths.shipped_path("streamlit_app.py")
    if not script.is_file():
        raise Unavailable(f"The pages are not here ({script}). Install the studio again.")
    # Streamlit finds .streamlit/config.toml next to the script.
    command = children.build_command("-m", "streamlit", "run", str(script))
    if arguments.port is not None:
        command.append(f"--server.port={_parse_port(arguments.port)}")
    if arguments.token:
        os.environ["STUDIO_TOKEN"] = "on"
    # Replace this process by Streamlit, so that Ctrl-C and signals reach it directly.
    sys.stdout.flush()
    os.execve(command[0], command, children.build_environment())


def _parse_port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1024 <= int(text) <= 65535:
        return int(text)
    step = "choose a free port, or leave it out"
    raise invalid("`--port`", expected="a number from 1024 to 65535", received=text, next_step=step)
