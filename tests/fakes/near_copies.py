"""The safe copy of a brought model made in this process, since Keras takes seconds to load in a new one."""

from __future__ import annotations

import json
from pathlib import Path

from studio.core.brought import models
from studio.core.brought.sandboxed import resave


def in_this_process(module: str, file: Path, place: Path, name: str) -> models._Answer:
    """Takes the place of `models._answer`."""
    if module != resave.__name__:
        return models._Answer()
    found = json.dumps({"facts": resave.run(file, place)})
    return models._Answer.model_validate_json(found)
