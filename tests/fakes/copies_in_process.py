"""Makes safe copies of imported models in this process, because a new one loads Keras for seconds."""

from __future__ import annotations

import json
from pathlib import Path

from studio.imported import resave
from studio.imported.facts import Answer


def run_in_this_process(module: str, file: Path, folder: Path, name: str) -> Answer:
    """Replaces `sandboxed_process.run`."""
    if module != resave.__name__:
        return Answer()
    answer = json.dumps({"facts": resave.resave(file, folder)})
    return Answer.model_validate_json(answer)
