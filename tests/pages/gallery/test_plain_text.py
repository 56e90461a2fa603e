"""Names from users are escaped on every page; as Markdown they could load remote images."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest

from studio.core import recipes, tasks
from studio.core.imaging import image_io, video_encoder
from studio.core.tasks import File
from studio.gallery import items, marks

from ..elements import find_button_by_key

NAME = "![x](evil.png) <b>"
MARKDOWN_IMAGE = "![x]("
# Elements that Streamlit shows without Markdown.
ELEMENTS_WITHOUT_MARKDOWN = {
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
    return video_encoder.encode([np.full((48, 64, 3), shade, "uint8") for shade in (9, 99, 200)], kind, 8)


RESULTS = {
    "image": ("image", "a.png", lambda: _image(7)),
    "mp4": ("animation", "a.mp4", lambda: _video("mp4")),
    "gif": ("animation", "a.gif", lambda: _video("gif")),
    "text": ("text", "a.txt", lambda: b"Once"),
    "archive": ("dataset", "a.zip", lambda: b"no zip"),
}


@pytest.fixture
def add_item(chores):
    """Adds an item made from a file called NAME: `add("mp4")` -> its id."""

    def add_item(form: str) -> str:
        kind, name, data = RESULTS[form]
        source = File.store(_image(99), "image", f"{NAME}.png")
        recipe = recipes.make("chores.do", chores.ChoreSettings(), {"image": [source]})
        return items.add(tasks.Result((File.store(data(), kind, name),), {}, recipe), 4.0)

    return add_item


def list_unescaped(page) -> list[str]:
    """Returns the texts that would render NAME as Markdown."""
    assert not page.exception
    return [
        text
        for kind, text in _list_texts(page._tree)
        if MARKDOWN_IMAGE in text and kind not in ELEMENTS_WITHOUT_MARKDOWN
    ]


# Fields of an element without Markdown: a widget's value, and text for screen readers.
FIELDS_WITHOUT_MARKDOWN = re.compile(r'^ *(alt|raw_values|default|id|query_param_key): ".*"$', re.MULTILINE)


def _list_texts(block) -> Iterator[tuple[str, str]]:
    for child in block.children.values():
        if hasattr(child, "children"):
            yield "block", str(child.proto)
            yield from _list_texts(child)
        else:
            yield child.type, FIELDS_WITHOUT_MARKDOWN.sub("", str(child.proto))


def contains_name(page) -> bool:
    return any("evil" in text for _, text in _list_texts(page._tree))


@pytest.mark.slow
@pytest.mark.parametrize("form", RESULTS)
def test_name_is_shown_literally_for_any_kind(visit, add_item, form):
    page = visit("gallery", item=add_item(form))
    assert contains_name(page) and not list_unescaped(page)


@pytest.mark.slow
def test_name_is_shown_literally_in_grid_tags_and_removed_items(visit, add_item):
    first, second = add_item("image"), add_item("gif")
    marks.change_marks(first, name=NAME, tags=[NAME])
    for page in (
        visit("gallery"),
        visit("gallery", item=first),
        visit("gallery", item=first, **{"with": second}),
    ):
        assert contains_name(page) and not list_unescaped(page)
    page = visit("gallery", item=first)
    find_button_by_key(page, "item_remove").click().run()
    page = visit("gallery")
    assert contains_name(page) and not list_unescaped(page)


@pytest.mark.slow
@pytest.mark.parametrize("address", ["style", "dream", "enhance", "colorize", "x-ray", "playground"])
def test_name_of_an_uploaded_photo_is_shown_literally(visit, address):
    page = visit(address)
    for number in range(min(2, len(page.file_uploader))):
        page = (
            page.file_uploader[number].upload(f"{NAME} {number}.png", _image(50 + number), "image/png").run()
        )
    assert contains_name(page) and not list_unescaped(page)
