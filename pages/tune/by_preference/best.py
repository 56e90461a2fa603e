"""The best image of a search by preference, and where its settings go: to their page, or into a large
image.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.form import forms, image_input, samples
from pages.jobs import item_actions, navigation, refill, results
from pages.tune.by_preference import wording
from pages.widgets import browser_images, words
from studio import engine
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.tune.by_preference.pairs import Pairs
from studio.tune.by_preference.searches import Taste

OWN = {"content": "Your photo", "style": "Your style"}


def best(taste: Taste, duels: Pairs, made: engine.Live, on_back: Callable[[], None] | None) -> None:
    """Draws it.

    Args:
        taste: the search.
        duels: as it stands.
        made: the best image, small.
        on_back: continues comparing; None when there is nothing left to compare.
    """
    values = dict(zip(duels.grid.names, duels.best, strict=True))
    full = taste.made(duels.best, duels.grid.names, size=taste.size)
    caption = f"Best of {len(duels.points)} images after {len(taste.compared)} comparisons"
    browser_images.image(made.data, caption=caption)
    st.markdown(f"**{words.plain(wording.point(taste.kind, values)).capitalize()}**")
    place = navigation.place_of(taste.task)
    with st.container(horizontal=True):
        if place.capability and st.button(
            "Use these", icon=place.icon, type="primary", help=f"Opens {place.title} with these settings"
        ):
            use(taste, full)
            navigation.go_to(place.file)
        label = f"Make it at {taste.size} px"
        if st.button(
            label,
            icon=":material/photo_size_select_large:",
            help="Starts a job; its result goes to the gallery",
        ):
            item_actions.begin(taste.task, full, taste.inputs)
        results.download(made.data, taste.task, key="eye_best", made=made.recipe)
        if on_back is not None:
            st.button("Continue comparing", icon=":material/compare:", type="tertiary", on_click=on_back)
    results.recipe(taste.task, made.settings, made.inputs, made.recipe)


def use(taste: Taste, settings: Settings) -> None:
    """Puts the settings and images where the page of the task finds them."""
    forms.prefill(settings)
    refill.clear_others(taste.task)
    for slot in ("content", "style"):
        files = taste.inputs.get(slot, ())
        if slot == "style" and files:
            st.session_state[slot] = []
        for file in files:
            _put(slot, file)


def _put(slot: str, file: File) -> None:
    if slot == "content" and samples.is_sample(file):
        st.session_state[slot] = samples.titles()[samples.spelled(file).removeprefix("sample:")]
        return
    # A painting goes as a user's own, for a house style of its name would paint it otherwise.
    image_input.use(slot, file, OWN[slot])
