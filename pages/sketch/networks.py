"""The choice of a network, shipped or the user's own, and the input that it expects."""

from __future__ import annotations

from pages.form import network_choice
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.sketch import models
from studio.sketch.settings import SHIPPED_NETWORK

NETWORK_KEY, INPUT_KEY = "outline_network", "given"


def list_networks() -> list[str]:
    """Returns the name of the studio's network, then those of the user's networks of both kinds."""
    own_networks = [
        network_choice.list_networks(SHIPPED_NETWORK, training)[1:]
        for training in (models.TASK, models.PAIRS_TASK)
    ]
    return [SHIPPED_NETWORK, *own_networks[0], *own_networks[1]]


def choose() -> Preset:
    """Asks for the network if there are several."""
    return presets.find(network_choice.choose(list_networks(), key=NETWORK_KEY))


def is_of_pairs(network: Preset) -> bool:
    """Returns whether a network was trained on pairs of images, not on the studio's avatars."""
    return network.task == models.PAIRS_TASK


def takes_lines(network: Preset) -> bool:
    """Returns whether a network of pairs expects lines or drawings, not photos."""
    settings = models.pairs_settings_of(network)
    return bool(network.read_data().get("ground")) or (settings.edges and not settings.reverse)


def describe_input(network: Preset) -> str:
    """Returns a sentence on the input that a network of pairs expects."""
    settings = models.pairs_settings_of(network)
    if settings.edges and not settings.reverse:
        return (
            "This network was trained on edges of photos. Draw lines, or choose a photo to detect its edges."
        )
    ground = network.read_data().get("ground")
    if ground:
        paper = "dark on light paper" if ground == "light" else "light on a dark ground"
        return f"This network was trained on drawings, {paper}. Your drawing is inverted if needed."
    return "This network was trained on photos or other full images. Choose a photo of the same kind."
