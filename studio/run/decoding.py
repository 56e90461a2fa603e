"""Decodes one uploaded file with limited memory and time, and reports why it is rejected.

`file_checks` runs this in a sandbox, with the file as argument and its kind as a line on stdin.
"""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import sys
from pathlib import Path

from studio.core.errors import InvalidInput
from studio.core.files import Kind
from studio.run import input_files

KINDS: tuple[Kind, ...] = ("image", "animation", "text", "model")
MAX_SECONDS = 60  # limit of elapsed time and of CPU time
MAX_MEMORY_BYTES = 3 << 29  # of memory; an image of 67 million pixels takes 1 GB
TOO_LARGE = "needs more memory than a check may take"


def main() -> None:
    """Limits this process, decodes the file and prints JSON: `refused` is a sentence or null."""
    for name, limit in {"RLIMIT_DATA": MAX_MEMORY_BYTES, "RLIMIT_CPU": MAX_SECONDS, "RLIMIT_CORE": 0}.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # not every system has each
            resource.setrlimit(getattr(resource, name), (limit, limit))
    signal.setitimer(signal.ITIMER_REAL, MAX_SECONDS)
    path, kind, error_message = Path(sys.argv[1]), sys.stdin.readline().strip(), None
    try:
        input_files.check(next(member for member in KINDS if member == kind), path)
    except InvalidInput as error:
        error_message = str(error)
    except MemoryError:
        error_message = f"{path.name} {TOO_LARGE}. Save it smaller."
    sys.stdout.write(json.dumps({"refused": error_message}))


if __name__ == "__main__":
    main()
