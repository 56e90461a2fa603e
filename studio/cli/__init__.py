"""The command line: a command for every task, and some that manage the studio.

Scripts rely on the exit codes: 0 with the result on stdout; 2 with one `error:` line on stderr; 130 after
Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from studio.cli import (
    app,
    command_arguments,
    completion,
    console,
    doctor,
    flags,
    gallery,
    make,
    models,
    replay,
    score,
    share,
    token,
    tune,
    weights,
)
from studio.core.errors import Cancelled, StudioError
from studio.core.process import startup
from studio.core.training import parallel
from studio.core.version import VERSION
from studio.run import terminal


def main(argv: Sequence[str] | None = None, parser: flags.Parser | None = None) -> int:
    """Runs one command; prints any error as one line.

    Args:
        argv: the words after `studio`; None takes those of this process.
        parser: parser of another program, such as a training script; None for that of `studio`.

    Returns:
        The exit code.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="surrogateescape")  # prints paths that are not valid UTF-8 unchanged
    startup.skip_optional_imports()
    try:
        arguments = (parser or _build_parser()).parse_args(argv)
        command_arguments.check_server(arguments)
        return arguments.run(arguments)
    except (KeyboardInterrupt, Cancelled):
        terminal.print_note("Stopped before there was a result to save.")
        return console.EXIT_STOPPED
    except parallel.ProcessLost as error:
        parallel.exit_process(console.print_error(str(error)))
    except StudioError as error:
        return console.print_error(str(error))
    except BrokenPipeError:
        # The reader of stdout has closed it (`| head`); avoid an error when Python flushes it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return console.report_unexpected(error, argv)


def _build_parser() -> flags.Parser:
    parser = flags.Parser("studio", description="A creative AI studio: style transfer and more, on Keras 3.")
    parser.add_argument("--version", action="version", version=f"studio {VERSION}")
    command_arguments.add_server_flags(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    app.add(commands)
    make.add(commands)
    replay.add(commands)
    gallery.add(commands)
    score.add(commands)
    tune.add(commands)
    models.add(commands)
    share.add(commands)
    weights.add(commands)
    token.add(commands)
    doctor.add(commands)
    completion.add(commands, _build_parser)
    return parser
