"""Selects the network of a page: the studio's or one that the user trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from pages.form import forms
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset


def networks(
    shipped: str, training: str, is_suitable: Callable[[Preset], bool] = lambda preset: True
) -> list[str]:
    """Returns the names of the studio's network and of the user's intact networks of a training task.

    Args:
        shipped: name of the studio's network.
        training: name of the training task.
        is_suitable: filters the presets, for tasks that train several kinds of networks.
    """
    return [shipped, *trained_by(training, presets.list_own_names(), is_suitable)]


def trained_by(
    training: str, names: Iterable[str], is_suitable: Callable[[Preset], bool] = lambda preset: True
) -> list[str]:
    """Returns the names of intact presets that a training task made, like `networks`."""
    names_of_task = []
    for name in names:
        with suppress(StudioError):
            preset = presets.find(name)
            if preset.task == training and is_suitable(preset):
                names_of_task.append(name)
    return names_of_task


def ask(shipped: str, training: str, *, key: str) -> dict[str, Any]:
    """Asks for the network if there are several. Returns the value of the setting `network`."""
    return {"network": one_of(networks(shipped, training), key=key)}


def one_of(names: Sequence[str], *, key: str, label: str = "Network") -> str:
    """Asks for one of several networks, the first of which is the studio's. Returns its name."""
    if len(names) == 1:
        return names[0]
    titles = {name: "The studio's" if n == 0 else name for n, name in enumerate(names)}
    return forms.one_of(label, titles, key=key)
