"""Selects the network of a page: the studio's or one that the user trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from pages.form import forms
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset


def list_networks(
    shipped: str, training_task: str, is_suitable: Callable[[Preset], bool] = lambda _: True
) -> list[str]:
    """Returns the name of the studio's network, then those of the user's intact networks of a training task.

    Args:
        shipped: name of the studio's network.
        training_task: name of the training task.
        is_suitable: filters the presets, for tasks that train several kinds of networks.
    """
    return [shipped, *filter_by_task(training_task, presets.list_own_names(), is_suitable)]


def filter_by_task(
    training_task: str, names: Iterable[str], is_suitable: Callable[[Preset], bool] = lambda _: True
) -> list[str]:
    """Returns the names of intact presets that a training task made, like `list_networks`."""
    names_of_task = []
    for name in names:
        with suppress(StudioError):
            preset = presets.find(name)
            if preset.task == training_task and is_suitable(preset):
                names_of_task.append(name)
    return names_of_task


def choose(names: Sequence[str], *, key: str, label: str = "Network") -> str:
    """Asks for one of several networks, the first of which is the studio's. Returns its name."""
    if len(names) == 1:
        return names[0]
    titles = {name: "The studio's" if n == 0 else name for n, name in enumerate(names)}
    return forms.ask_choice(label, titles, key=key)
