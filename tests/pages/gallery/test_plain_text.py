"""Names from users are escaped on every page; as Markdown they could load remote images."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.imaging import animations, image_io
from studio.core.tasks import File
from studio.gallery import items, marks

NAME = "![x](evil.png) <b>"
SIGN = "![x]("
# Elements that Streamlit shows without Markdown.
PLAIN = {
    "code",
    "selectbox",
    "multiselect",
    "text_input",
    "text_area",
    "text",
    "bidi_component",
    "arrow_data_frame",
}


def _image(shade: int) -> bytes:
    return image_io.encode_png(np.full((48, 64, 3), shade, "uint8"))


def _video(kind: str) -> bytes:
    return animations.encode([np.full((48, 64, 3), shade, "uint8") for shade in (9, 99, 200)], kind, 8)


MADE = {
    "image": ("image", "a.png", lambda: _image(7)),
    "mp4": ("animation", "a.mp4", lambda: _video("mp4")),
    "gif": ("animation", "a.gif", lambda: _video("gif")),
    "text": ("text", "a.txt", lambda: b"Once"),
    "archive": ("dataset", "a.zip", lambda: b"no zip"),
}


@pytest.fixture
def add(chores):
    """Adds an item made from a file called NAME: `add("mp4")` -> its id."""

    def add(form: str) -> str:
        kind, name, data = MADE[form]
        source = File.keep(_image(99), "image", f"{NAME}.png")
        recipe = recipes.make("chores.do", chores.ChoreSettings(), {"image": [source]})
        return items.add(tasks.Result((File.keep(data(), kind, name),), {}, recipe), 4.0)

    return add


def unescaped(page) -> list[str]:
    """Returns the texts that would render NAME as Markdown."""
    assert not page.exception
    return [text for kind, text in _texts(page._tree) if SIGN in text and kind not in PLAIN]


# Fields of an element without Markdown: a widget's value, and text for screen readers.
AS_IT_IS = re.compile(r'^ *(alt|raw_values|default|id|query_param_key): ".*"$', re.MULTILINE)


def _texts(block) -> Iterator[tuple[str, str]]:
    for child in block.children.values():
        if hasattr(child, "children"):
            yield "block", str(child.proto)
            yield from _texts(child)
        else:
            yield child.type, AS_IT_IS.sub("", str(child.proto))


def shows(page) -> bool:
    return any("evil" in text for _, text in _texts(page._tree))


@pytest.mark.slow
@pytest.mark.parametrize("form", MADE)
def test_an_item_of_any_kind_shows_the_name_as_it_is(visit, add, form):
    page = visit("gallery", item=add(form))
    assert shows(page) and not unescaped(page)


@pytest.mark.slow
def test_the_grid_tags_and_what_was_removed_show_it_as_it_is(visit, add):
    first, second = add("image"), add("gif")
    marks.change(first, name=NAME, tags=[NAME])
    for page in (
        visit("gallery"),
        visit("gallery", item=first),
        visit("gallery", item=first, **{"with": second}),
    ):
        assert shows(page) and not unescaped(page)
    page = visit("gallery", item=first)
    next(element for element in page.button if element.key == "item_remove").click().run()
    page = visit("gallery")
    assert shows(page) and not unescaped(page)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["style", "dream", "enhance", "colorize", "x-ray", "playground"])
def test_an_uploaded_photo_shows_its_name_as_it_is(visit, address):
    page = visit(address)
    for number in range(min(2, len(page.file_uploader))):
        page = (
            page.file_uploader[number].upload(f"{NAME} {number}.png", _image(50 + number), "image/png").run()
        )
    assert shows(page) and not unescaped(page)
