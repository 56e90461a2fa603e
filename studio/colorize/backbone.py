"""The backbone of a network: the pretrained weights that it needs, and their download. Loads no Keras."""

from __future__ import annotations

from studio.colorize import models
from studio.colorize.settings import NO_BACKBONE, QUICK_NETWORK
from studio.core.errors import Unavailable
from studio.core.litert import network
from studio.core.models.presets import Preset
from studio.core.progress import Progress
from studio.core.weights import prepare, pretrained


def read_digest(preset: Preset) -> dict[str, str]:
    """Returns the SHA-256 of the backbone that a network was trained with, by its name; empty without one."""
    name = models.settings_of(preset).backbone
    digest = "" if name == NO_BACKBONE else preset.read_recipe().weights.get(name, "")
    return {name: digest} if digest else {}


def list_needs(preset: Preset) -> tuple[str, ...]:
    """Returns the names of the weights that a network still needs: none once it has been converted."""
    name = models.settings_of(preset).backbone
    return () if name == NO_BACKBONE or network.is_converted(preset) else (name,)


def fetch(preset: Preset, progress: Progress) -> None:
    """Downloads the weights that a network needs, if they are not here.

    Raises:
        Unavailable: if no source has them.
        Cancelled: if the user asked to stop.
    """
    for name in list_needs(preset):
        try:
            pretrained.pull_in_child(name, progress)
        except Unavailable:
            title = prepare.get_entry(name).title
            raise Unavailable(
                f"The network {preset.name} needs {title}, which could not be downloaded. "
                f"Connect to a network and try again, or choose the network {QUICK_NETWORK}, which needs no "
                f"download. `studio weights pull {name}` says where else the file can come from."
            ) from None
        progress.report_stage("Converting the network, once")
