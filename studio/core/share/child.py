"""Builds a page in a child process: a model's files may be untrusted, and some kinds need Keras."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from studio.core import paths
from studio.core.errors import StudioError, Unavailable
from studio.core.models.presets import Preset
from studio.core.process import children

_SECONDS = 600  # time limit, also for a download on a slow network


def build(preset: Preset) -> bytes:
    """Builds the page of a model, as `studio.core.share.page.build` does.

    Raises:
        StudioError: with the message of the command.
    """
    with tempfile.TemporaryDirectory(dir=paths.ensure_folder("cache")) as folder:
        target = Path(folder) / "page.html"
        command = children.build_command(
            "-m", "studio", "share", str(preset.folder.resolve()), "-o", str(target), "--quiet"
        )
        try:
            process = subprocess.run(
                command,
                env=children.build_environment(),
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            raise Unavailable("The page could not be created in time. Try again.") from None
        if process.returncode:
            errors = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
            raise StudioError(
                errors[-1].removeprefix("error: ") if errors else "The page was not created. Try again."
            )
        return target.read_bytes()
