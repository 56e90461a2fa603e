"""The best image of a search by preference, and actions that use its settings."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.form import forms, image_input, samples
from pages.jobs import item_actions, navigation, refill, results
from pages.tune.by_preference import wording
from pages.widgets import keys, words
from studio import engine
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.tune.by_preference.pairs import PairSelector
from studio.tune.by_preference.search_store import PreferenceSearch

TITLES = {"content": "Your photo", "style": "Your style"}


def show(
    search: PreferenceSearch, selector: PairSelector, result: engine.Live, on_back: Callable[[], None] | None
) -> None:
    """Shows the best image.

    Args:
        search: the search.
        selector: its comparisons so far.
        result: the best image, at the size of the comparisons.
        on_back: callback that continues comparing; None if nothing is left to compare.
    """
    values = dict(zip(selector.grid.names, selector.best, strict=True))
    full = search.make_image_settings(selector.best, selector.grid.names, size=search.size)
    caption = f"Best of {len(selector.points)} images after {len(search.compared)} comparisons"
    show_image(search, result, "The best image", caption)
    st.markdown(f"**{words.escape(wording.describe_settings(search.settings_class, values)).capitalize()}**")
    page = navigation.page_of(search.task)
    with st.container(horizontal=True):
        if page.capability and st.button(
            "Use these", icon=page.icon, type="primary", help=f"Opens {page.title} with these settings"
        ):
            fill_page_form(search, full)
            navigation.go_to(page.file)
        label = f"Make it at {search.size} px"
        if st.button(
            label,
            icon=":material/photo_size_select_large:",
            help="Starts a job; its result goes to the gallery",
        ):
            item_actions.start(search.task, full, search.inputs)
        results.show_download(result.data, search.task, key="preference_best", recipe=result.recipe)
        if on_back is not None:
            st.button("Continue comparing", icon=":material/compare:", type="tertiary", on_click=on_back)
    results.show_recipe(search.task, result.settings, result.inputs, result.recipe)


def show_image(search: PreferenceSearch, result: engine.Live, name: str, caption: str = "") -> None:
    """Shows an image of a search; the lightbox compares it with the content, if there is one.

    Args:
        search: the search.
        result: the image.
        name: label of the image, unique on the page.
        caption: below the image.
    """
    content = next((file for file in search.inputs.get("content", ()) if file.kind == "image"), None)
    results.show_comparison(
        content,
        result.data,
        key=keys.part("preference", name),
        caption=caption,
        result_name=name,
        is_split=False,
    )


def fill_page_form(search: PreferenceSearch, settings: Settings) -> None:
    """Fills the form of the task's page with the settings and images."""
    forms.prefill(settings)
    refill.clear_other_inputs(search.task)
    for slot in ("content", "style"):
        files = search.inputs.get(slot, ())
        if slot == "style" and files:
            st.session_state[slot] = []
        for file in files:
            _select_input(slot, file)


def _select_input(slot: str, file: File) -> None:
    if slot == "content" and samples.is_sample(file):
        st.session_state[slot] = samples.find_title(file)
        return
    # Pass a sample style as an own image: as a sample, the page would use the house style's network.
    image_input.add_and_select(slot, file, TITLES[slot])
