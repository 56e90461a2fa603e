"""The pretrained networks: functions that build and fill each, and their specs as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from studio.core import tasks

if TYPE_CHECKING:
    import keras

# `network(members) -> keras.Model` builds each, with the weights in the members of its package, or without
# weights for None. Named as text, so core imports no capability, and Keras only when a network is built.
NETWORKS = {
    "vgg16": "studio.core.weights.networks.vgg16:build_network",
    "lpips": "studio.core.metrics.lpips:build_heads",
    "adain": "studio.style.adain:build_network",
    "resnet50": "studio.core.weights.networks.resnet50:build_network",
    "efficientnet-lite0": "studio.core.weights.networks.efficientnet_lite0:build_network",
    "imagenet-labels": "studio.classify.models.imagenet_labels:build_labels",
    "inceptionv3": "studio.core.weights.networks.inceptionv3:build_network",
    "selfie-segmentation": "studio.core.masks.litert_files:build_file",
    "face-detection": "studio.core.masks.litert_files:build_file",
    "face-detection-short": "studio.core.masks.litert_files:build_file",
    "litert-js": "studio.core.share.runtime:build_file",
    "realesrgan-x4plus": "studio.enhance.texture.networks:build_photo_network",
    "realesr-animevideov3": "studio.enhance.texture.networks:build_video_network",
}


def build(name: str, members: Mapping[str, bytes] | None = None) -> keras.Model:
    """Builds a network with the weights in its package's members; without weights for None."""
    return tasks.import_object(NETWORKS[name])(members)
