"""Checks the settings and inputs of style transfer; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.errors import invalid
from studio.core.masks import task_masks
from studio.style.house import known_styles
from studio.style.settings import SHIPPED_NETWORK, TransferSettings, check_styles


def check(settings: TransferSettings, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Raises `InvalidInput` unless settings and inputs go together.

    Args:
        inputs: the files of every slot.
    """
    task_masks.check(settings, inputs)
    check_styles(settings, len(inputs.get("style", ())), task_masks.count(settings, inputs))
    if not settings.house and (inputs.get("network") or settings.network != SHIPPED_NETWORK):
        expected, step = "house styles with it", "name them as `house:NAME`, or leave the network out"
        raise invalid("network", expected=expected, received="style images", next_step=step)
    if settings.house:
        known_styles.find_indices(known_styles.find_network(settings, inputs), settings.house)
