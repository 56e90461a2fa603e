"""Which network a page works with: the studio's, or one of a user's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from pages.form import forms
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset


def networks(shipped: str, training: str, fits: Callable[[Preset], bool] = lambda preset: True) -> list[str]:
    """The studio's network, then a user's own that a training run has made, without those that are broken.

    Args:
        fits: whether one of those does what is asked for, where the training makes several kinds.
    """
    return [shipped, *made_by(training, presets.own(), fits)]


def made_by(
    training: str, names: Iterable[str], fits: Callable[[Preset], bool] = lambda preset: True
) -> list[str]:
    """Those of several models that a training run has made, without any that is broken. See `networks`."""
    found = []
    for name in names:
        with suppress(StudioError):
            preset = presets.find(name)
            if preset.task == training and fits(preset):
                found.append(name)
    return found


def ask(shipped: str, training: str, *, key: str) -> dict[str, Any]:
    """Asks which one, where there are several; gives the value of the setting `network`."""
    return {"network": one_of(networks(shipped, training), key=key)}


def one_of(names: Sequence[str], *, key: str, label: str = "Network") -> str:
    """Asks which of several, the first of which is the studio's; gives its name."""
    if len(names) == 1:
        return names[0]
    titles = {name: "The studio's" if n == 0 else name for n, name in enumerate(names)}
    return forms.one_of(label, titles, key=key)
