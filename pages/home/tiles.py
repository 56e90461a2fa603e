"""The tiles of the home page: images that the studio made itself, each a way into a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import streamlit as st

from pages.form import samples
from pages.jobs.navigation import place_of
from pages.widgets import browser_images, words


class Tile(NamedTuple):
    """An image that a task made of samples.

    Attributes:
        task: what made it.
        inputs: the sample of each slot, by the name that the photos or the paintings give it.
        caption: stands below.
        settings: those in which it differs from what a page starts with, each a choice.
        opens: what else is chosen on the page that it opens, as its address has it.
    """

    task: str
    inputs: Mapping[str, str]
    caption: str
    settings: Mapping[str, str] = {}
    opens: Mapping[str, str] = {}

    @property
    def file(self) -> str:
        """Its image, among those that the pages ship."""
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
    Tile("colorize.apply", {"content": "camera"}, "A gray photo, colorized"),
    Tile("playground.train", {"content": "chelsea"}, "A photo, memorized by a tiny network in seconds"),
    Tile("lab.imagine", {}, "Digits sampled from a Boltzmann machine", opens={"taught": "Boltzmann machine"}),
)


def made_here() -> None:
    """Shows the tiles; a click anywhere on one opens its page with the same samples chosen."""
    titles = samples.titles()
    with st.container(key="tiles"):
        grid = st.grid(3, min_column_width=150)
    for tile in TILES:
        place = place_of(tile.task)
        with grid.cell():
            browser_images.image((samples.SHIPPED / tile.file).read_bytes(), caption=tile.caption)
            chosen = {slot: titles[name] for slot, name in tile.inputs.items()}
            chosen |= {name: words.choice(value) for name, value in tile.settings.items()} | dict(tile.opens)
            st.page_link(place.file, label=f"Open in {place.title}", icon=place.icon, query_params=chosen)
