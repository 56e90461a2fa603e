"""Reads the arrays of a TensorFlow.js model: a list in JSON, and shards of raw float32 laid end to end.

Of pinned files alone, as `checkpoints`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

import numpy as np

_NUMBER = re.compile(r"-shard(\d+)of")


def arrays(members: Mapping[str, bytes], name: str = "model.json") -> dict[str, np.ndarray]:
    """Reads all arrays of a model.

    Args:
        members: the list under `name`, and every shard that it tells of under its own name.
        name: the list's.

    Returns:
        The arrays by the model's names for them, e.g. `"conv1/kernel"`, in Keras' own layout.
    """
    (group,) = json.loads(members[name])["weightsManifest"]
    paths = sorted(group["paths"], key=_number)  # the list may name the tenth before the second
    raw = b"".join(members[path] for path in paths)  # arrays reach across shards
    found, start = {}, 0
    for entry in group["weights"]:
        count = math.prod(entry["shape"])
        found[entry["name"]] = np.frombuffer(raw, "<f4", count, start).reshape(entry["shape"])
        start += 4 * count
    return found


def _number(path: str) -> int:
    shard = _NUMBER.search(path)
    return int(shard[1]) if shard else 0
