"""The one way from an untrusted description of a network to one that Keras may build."""

from __future__ import annotations

from typing import Any

from studio.core.brought.checks import config_check, structure_check
from studio.core.brought.mending import keras_2, network


def prepare(config: Any, version: Any) -> Any:
    """A description in the words of today's Keras: validated, then repaired, then checked against the list.

    Args:
        config: what the file's JSON says.
        version: of the Keras that wrote it, as the file names it; None if it does not.

    Raises:
        Refused: if it is not one that a Keras version writes, or asks for a part that is not taken.
    """
    structure_check.check(config)
    config = network.mended(keras_2.translated(config) if keras_2.is_old(version) else config)
    config_check.check(config)
    return config
