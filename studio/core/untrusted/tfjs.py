"""Reads the arrays of a TensorFlow.js model: a JSON manifest, and consecutive shards of raw float32.

Only for pinned files, see `checkpoints`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping

import numpy as np

_SHARD_PATTERN = re.compile(r"-shard(\d+)of")


def read_arrays(members: Mapping[str, bytes], name: str = "model.json") -> dict[str, np.ndarray]:
    """Reads all arrays of a model.

    Args:
        members: the manifest under `name`, and all its shards by name.
        name: the name of the manifest.

    Returns:
        The arrays by their names in the model, e.g. `"conv1/kernel"`, in Keras' layout.
    """
    (group,) = json.loads(members[name])["weightsManifest"]
    paths = sorted(group["paths"], key=_parse_shard_number)  # the manifest may list 10 before 2
    raw = b"".join(members[path] for path in paths)  # arrays may span shards
    tensors, start = {}, 0
    for entry in group["weights"]:
        count = math.prod(entry["shape"])
        tensors[entry["name"]] = np.frombuffer(raw, "<f4", count, start).reshape(entry["shape"])
        start += 4 * count
    return tensors


def _parse_shard_number(path: str) -> int:
    """Returns the number of a shard: "group1-shard2of10.bin" -> 2; 0 if there is only one."""
    shard = _SHARD_PATTERN.search(path)
    return int(shard[1]) if shard else 0
