"""The safe copy of an imported model made in this process, since Keras takes seconds to load in a new one."""

from __future__ import annotations

import json
from pathlib import Path

from studio.imported import resave
from studio.imported.facts import Answer


def in_this_process(module: str, file: Path, place: Path, name: str) -> Answer:
    """Takes the place of `sandboxed_process.run`."""
    if module != resave.__name__:
        return Answer()
    found = json.dumps({"facts": resave.run(file, place)})
    return Answer.model_validate_json(found)
