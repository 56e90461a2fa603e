"""Pictures as the browser gets them."""

import numpy as np
from streamlit.elements.lib import image_utils
from streamlit.elements.lib.layout_utils import LayoutConfig

from pages.widgets import browser_pictures
from studio.core.pictures import images


def test_a_large_picture_is_handed_on_as_it_is():
    """Else Streamlit would encode it anew at every rerun."""
    noise = np.random.default_rng(0).integers(0, 256, (900, 2000, 3), "uint8")
    data = browser_pictures.of_bytes(images.encode_png(noise), form="JPEG")
    stretched = LayoutConfig(width="stretch")
    assert image_utils._ensure_image_size_and_format(data, stretched, "JPEG") == data
