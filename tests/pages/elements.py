"""Finds elements of a page under test and reads their texts."""

from __future__ import annotations

import json
import struct
from typing import Any

from streamlit.testing.v1 import AppTest


def find_button(page: AppTest, label: str):
    """Returns the first button with a label. Raises `StopIteration` if there is none."""
    return next(button for button in page.button if button.label == label)


def find_button_by_key(page: AppTest, key: str):
    """Returns the button with a key. Raises `StopIteration` if there is none."""
    return next(button for button in page.button if button.key == key)


def can_press(page: AppTest, label: str) -> bool:
    """Returns whether a button with a label is there and not disabled."""
    return any(button.label == label and not button.disabled for button in page.button)


def press_button(page: AppTest, label: str) -> AppTest:
    """Presses the first button with a label. Returns the page after its run."""
    return find_button(page, label).click().run()


def choose_in_menu(page: AppTest, label: str, option: str) -> AppTest:
    """Chooses the first option of a menu that ends like this. Returns the page after its run."""
    menu = next(menu for menu in page.menu_button if menu.label == label)
    return menu.click(next(text for text in menu.options if text.endswith(option))).run()


def list_button_labels(page: AppTest) -> list[str]:
    """Returns the labels of all buttons, in order."""
    return [button.label for button in page.button]


def join_texts(*kinds) -> str:
    """Returns the values of elements as one text, without the backslashes of escaped Markdown."""
    return " ".join(str(element.value) for elements in kinds for element in elements).replace("\\", "")


def join_raw_texts(elements) -> str:
    """Returns the values of elements as one text."""
    return " ".join(str(element.value) for element in elements)


def require_success(page: AppTest) -> AppTest:
    """Fails if a page shows an error. Returns the page."""
    assert not page.exception and not page.error, [*page.exception, *page.error]
    return page


def list_image_viewers(page: AppTest) -> list[dict[str, Any]]:
    """Returns the options of each image viewer: its size, caption, details and so on."""
    payloads = [
        element.proto.bytes
        for element in page.get("bidi_component")
        if element.proto.component_name == "studio_image_viewer"
    ]
    return [json.loads(data[4 : 4 + struct.unpack(">I", data[:4])[0]]) for data in payloads]


def popover_key(page: AppTest, slot: str) -> str:
    """Returns the key of the popover of uploads of a slot, which each upload changes."""
    key = f"{slot}.version"
    version = page.session_state[key] if key in page.session_state else 0  # noqa: SIM401 (it has no `get`)
    return f"{slot}.add.{version}"


def open_popover(page: AppTest, slot: str) -> None:
    """Opens the popover of uploads of a slot."""
    page.session_state[popover_key(page, slot)] = True
    page.run()
