"""Which network a page works with: the studio's, or one of a person's own."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pages.form import forms
from studio.core.errors import StudioError
from studio.core.models import presets


def networks(shipped: str, training: str) -> list[str]:
    """The studio's network, then a person's own that a training has made, without those that are broken."""
    found = [shipped]
    for name in presets.own():
        with suppress(StudioError):
            if presets.find(name).task == training:
                found.append(name)
    return found


def ask(shipped: str, training: str, *, key: str) -> dict[str, Any]:
    """Asks which one, where there are several; gives the value of the setting `network`."""
    names = networks(shipped, training)
    if len(names) == 1:
        return {"network": shipped}
    titles = {name: "The studio's" if name == shipped else name for name in names}
    return {"network": forms.one_of("Network", titles, key=key)}
