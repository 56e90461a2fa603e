"""Shows which part of the painting each part of the photo was matched to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pages.widgets import assets, browser_images
from studio.core.imaging import image_io
from studio.core.tasks import File

_MAX_SIDE = 480  # px
_mount = assets.register_component("studio_matches", __file__)


def show(content: File, styles: Sequence[File], matches: Mapping[str, Any], *, key: str) -> None:
    """Draws the photo and its paintings; mouse, touch and arrow keys move the point.

    Args:
        content, styles: the photo and the paintings of the run.
        matches: from `studio.style.nnst.matching.encode_matches`.
        key: of the component.
    """
    addresses = [_encode_image(file) for file in (content, *styles)]
    _mount(data={**matches, "photo": addresses[0], "paintings": addresses[1:]}, key=key)


def _encode_image(file: File) -> str:
    height, width = image_io.fitted_size(*image_io.read_upright_size(file.read()), _MAX_SIDE)
    return browser_images.to_data_url(browser_images.encode_file(file.digest, (width, height)))
