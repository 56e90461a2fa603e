"""The search by preference of a tab: started, linked, described and resumed."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from pages.form import forms, samples
from pages.jobs import jobs
from pages.tune.by_preference import wording
from pages.tune.by_preference.pair_form import Question
from pages.widgets import browser_images, page_errors, words
from pages.widgets.owners import get_owner
from studio.core import tasks
from studio.core.errors import StudioError
from studio.tune.by_preference import search_store
from studio.tune.by_preference.pairs import PairSelector
from studio.tune.by_preference.posteriors import compute_posteriors
from studio.tune.by_preference.search_store import PreferenceSearch

PARAMETER = "preference"
DONE_KEY = "preference_done"  # whether the best image is shown instead of the next pair
SELECTION = {"metric": "By metric", "preference": "By preference"}
_SELECT_KEY = "select_by"
_LAST_KEY, _PAIRS_KEY, _FOLLOWED_KEY = "preference_last", "preference_pairs", "preference_followed"


def ask_by_preference() -> bool:
    """Asks whether to select by metric or by preference. Returns True for preference.

    A link to a search selects its kind.
    """
    linked_id = st.query_params.get(PARAMETER)
    if jobs.find_linked_job("tune"):
        st.session_state[_SELECT_KEY] = "metric"
    elif linked_id and st.session_state.get(_FOLLOWED_KEY) != linked_id:
        st.session_state[_SELECT_KEY], st.session_state[_FOLLOWED_KEY] = "preference", linked_id
    is_preference = forms.ask_choice("Select by", SELECTION, key=_SELECT_KEY, hide_label=True) == "preference"
    if not is_preference:
        st.query_params.pop(PARAMETER, None)
    return is_preference


def start_search(question: Question) -> None:
    """Starts a search and shows it, or shows an error. Do not call it from a callback."""
    try:
        size = int(type(question.settings)().model_dump()["size"])
        search = search_store.create_search(
            question.task, question.settings, question.vary, question.inputs(), get_owner(), size
        )
    except StudioError as error:
        page_errors.show_error(error)
        return
    link_search(search.id)
    st.rerun()


def link_search(id: str) -> None:
    """Names a search in the address, so that a reload and a link show it."""
    st.query_params[PARAMETER] = st.session_state[_LAST_KEY] = st.session_state[_FOLLOWED_KEY] = id
    st.session_state[DONE_KEY] = False


def find_search() -> PreferenceSearch | None:
    """Returns the search of the address, or the last one of this tab."""
    id = st.query_params.get(PARAMETER) or st.session_state.get(_LAST_KEY)
    if not id:
        return None
    try:
        search = search_store.load_search(id, get_owner())
    except StudioError as error:
        _close_search()
        st.warning(words.escape(str(error)), icon=":material/search_off:")
        return None
    st.query_params[PARAMETER] = st.session_state[_LAST_KEY] = id
    return search


def show_search(search: PreferenceSearch) -> None:
    """Shows the images, search space and findings of a search, and a button for a new one."""
    selector = get_pairs(search)
    st.markdown(f"**{_search_title(search)}**")
    images = [file for slot in ("content", "style") for file in search.inputs.get(slot, ())]
    with st.container(horizontal=True):
        for file in images:
            try:
                browser_images.show_with_caption(
                    samples.make_thumbnail(file), width=96, caption=tasks.humanize_stem(file.name)
                )
            except StudioError as error:
                st.caption(words.escape(str(error)))
    st.caption(wording.describe_ranges(search.settings_class, selector.grid))
    st.markdown(words.escape(wording.describe_findings(search.settings_class, compute_posteriors(selector))))
    st.button(
        "New search",
        icon=":material/arrow_back:",
        on_click=_close_search,
        help="Starts a new search and keeps this one",
    )


def show_recent_searches() -> None:
    """Lists recent searches by preference, to resume them."""
    for search in search_store.load_recent(get_owner()):
        label = f"Continue: {_search_title(search)}, {len(search.compared)} compared"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                label,
                key=f"preference_continue_{search.id}",
                icon=":material/arrow_forward:",
                type="tertiary",
                on_click=link_search,
                args=(search.id,),
            )
            st.button(
                "Forget",
                key=f"preference_forget_{search.id}",
                type="tertiary",
                on_click=_delete_search,
                args=(search.id,),
                help="Deletes this search; images in the gallery stay",
            )


def get_pairs(search: PreferenceSearch) -> PairSelector:
    """Returns the comparisons of a search, cached until the next pick."""
    cached = st.session_state.get(_PAIRS_KEY)
    if cached is None or cached[0] != search:
        cached = st.session_state[_PAIRS_KEY] = (search, search.make_selector())
    return cached[1]


def _search_title(search: PreferenceSearch) -> str:
    return words.escape(words.describe_inputs(search)) or search.task


def _close_search() -> None:
    st.query_params.pop(PARAMETER, None)
    st.session_state.pop(_LAST_KEY, None)
    st.session_state[DONE_KEY] = False


def _delete_search(id: str) -> None:
    with suppress(StudioError):  # already deleted
        search_store.delete_search(id, get_owner())
