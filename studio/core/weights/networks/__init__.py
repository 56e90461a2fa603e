"""The networks that the studio borrows: what builds and fills each, and each as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.core import tasks

if TYPE_CHECKING:
    import keras

# What builds each: `network(members) -> keras.Model`, filled from the members of its package, or, for None,
# not filled. Reached by name, so that core imports no capability and Keras stays away until one is built.
NETWORKS = {
    "vgg16": "studio.core.weights.networks.vgg16:network",
    "lpips": "studio.core.metrics.lpips:network",
    "adain": "studio.style.adain:network",
    "resnet50": "studio.core.weights.networks.resnet50:network",
    "imagenet-labels": "studio.classify.models.imagenet_labels:network",
    "inceptionv3": "studio.core.weights.networks.inceptionv3:network",
}


def build(name: str, members: Mapping[str, bytes] | None = None) -> keras.Model:
    """A network, filled from its package's members, or with None not filled."""
    return tasks.imported(NETWORKS[name])(members)
