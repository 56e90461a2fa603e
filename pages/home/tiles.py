"""The tiles of the home page: example results of the studio, each linked to its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from pages.form import samples
from pages.jobs.navigation import page_of
from pages.widgets import browser_images, words


class Tile(NamedTuple):
    """An image that a task made from samples.

    Attributes:
        task: name of the task.
        inputs: name of the sample in each slot.
        caption: the text below the image.
        settings: the settings that differ from the defaults of the page, each a choice.
        opens: other query parameters of the page that the tile opens.
    """

    task: str
    inputs: Mapping[str, str]
    caption: str
    settings: Mapping[str, str] = {}
    opens: Mapping[str, str] = {}

    @property
    def file_name(self) -> str:
        """The name of its image among those that the pages ship."""
        names = [self.task.replace(".", "-"), *self.inputs.values(), *self.settings.values()]
        return f"tile-{'-'.join(names)}.webp"


TILES = (
    Tile("style.transfer", {"content": "chelsea", "style": "mosaic"}, "Chelsea as a mosaic"),
    Tile("style.transfer", {"content": "coffee", "style": "brush_strokes"}, "Coffee in brush strokes"),
    Tile("dream.ascend", {"content": "rocket"}, "A rocket launch, dreamed full of dogs", {"look": "dogs"}),
    Tile("text.write", {}, "Text in the style of Alice in Wonderland", {"preset": "alice"}),
    Tile("faces.draw", {}, "Faces of people who don’t exist"),
    Tile(
        "classify.explain",
        {"image": "chelsea"},
        "What makes the network say “cat” (Grad-CAM)",
        opens={"half": "Try", "preset": "ImageNet, a thousand things"},
    ),
    Tile("enhance.enlarge", {"content": "chelsea"}, "Upscaled three times, and sharp"),
    Tile("sketch.paint", {}, "A doodle that became an avatar"),
    Tile("colorize.apply", {"content": "astronaut_gray"}, "A gray photo, colorized"),
    Tile("restore.apply", {"content": "astronaut_old"}, "An old print, restored"),
    Tile("playground.train", {"content": "chelsea"}, "A photo, memorized by a tiny network in seconds"),
    Tile(
        "lab.imagine", {}, "Digits sampled from a Boltzmann machine", opens={"lab_model": "Boltzmann machine"}
    ),
)


def show() -> None:
    """Draws the tiles; a click on one opens its page with the same samples and settings."""
    titles = samples.list_titles()
    with st.container(key="tiles"):
        grid = st.grid(3, min_column_width=150)
    for tile in TILES:
        page = page_of(tile.task)
        with grid.cell():
            browser_images.show_image(
                (samples.IMAGE_FOLDER / tile.file_name).read_bytes(), caption=tile.caption
            )
            parameters = {slot: titles[name] for slot, name in tile.inputs.items()}
            parameters |= {name: words.choice_label(value) for name, value in tile.settings.items()} | dict(
                tile.opens
            )
            st.page_link(page.file, label=f"Open in {page.title}", icon=page.icon, query_params=parameters)
