"""Images as the browser gets them."""

import re

import numpy as np
from streamlit.elements.lib import image_utils
from streamlit.elements.lib.layout_utils import LayoutConfig
from streamlit.testing.v1 import AppTest

from pages.widgets import browser_images
from studio.core.imaging import image_io


def test_large_image_is_passed_through():
    """Otherwise Streamlit encodes it again at every rerun."""
    noise = np.random.default_rng(0).integers(0, 256, (900, 2000, 3), "uint8")
    data = browser_images.encode_bytes(image_io.encode_png(noise), image_format="JPEG")
    stretched = LayoutConfig(width="stretch")
    assert image_utils._ensure_image_size_and_format(data, stretched, "JPEG") == data


def test_changing_image_is_part_of_the_page():
    """A media URL is dropped with the next image, so a slow browser would show it as broken."""

    def page():
        import numpy as np

        from pages.widgets import browser_images
        from studio.core.imaging import image_io

        data = image_io.encode_preview(np.full((20, 30, 3), 90, "uint8"), 100)
        browser_images.show_changing_image(data, 'What "it" draws <now>')

    view = AppTest.from_function(page).run()
    assert not view.exception
    [body] = [element.proto.body for element in view.get("html")]
    assert re.search(r'src="data:image/webp;base64,UklGR[A-Za-z0-9+/=]+"', body)  # as a WebP begins
    assert body.count("What &quot;it&quot; draws &lt;now&gt;") == 2
