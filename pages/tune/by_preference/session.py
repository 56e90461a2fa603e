"""A search by preference as a tab has it: begun, found again by its address, told in words, taken up
later.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from pages.form import forms, samples
from pages.jobs import jobs
from pages.tune.by_preference import wording
from pages.tune.by_preference.pair_form import Question
from pages.widgets import browser_images, words
from pages.widgets.owners import owner
from studio.core import tasks
from studio.core.errors import StudioError
from studio.tune.by_preference import searches
from studio.tune.by_preference.learned import lines
from studio.tune.by_preference.pairs import Pairs
from studio.tune.by_preference.searches import Taste

PARAMETER = "eye"
DONE = "eye_done"  # whether the best is shown instead of the next pair
SELECTION = {"figures": "By metric", "eye": "By preference"}
_LAST, _DUELS, _SELECT_BY, _FOLLOWED = "eye_last", "eye_duels", "select_by", "eye_followed"


def is_by_preference() -> bool:
    """Asks what selects the best. Returns whether that is preference. A link to a search of either kind opens
    its half.
    """
    linked = st.query_params.get(PARAMETER)
    if jobs.linked_job("tune"):
        st.session_state[_SELECT_BY] = "figures"
    elif linked and st.session_state.get(_FOLLOWED) != linked:
        st.session_state[_SELECT_BY], st.session_state[_FOLLOWED] = "eye", linked
    eye = forms.one_of("Select by", SELECTION, key=_SELECT_BY, hidden=True) == "eye"
    if not eye:
        st.query_params.pop(PARAMETER, None)
    return eye


def begin(question: Question) -> None:
    """Begins a search and shows it, or says why it cannot begin. Not for callbacks."""
    try:
        size = int(type(question.settings)().model_dump()["size"])
        taste = searches.begin(
            question.task, question.settings, question.vary, question.inputs(), owner(), size
        )
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    show(taste.id)
    st.rerun()


def show(id: str) -> None:
    """Puts a search into the address, so that a reload and a link find it."""
    st.query_params[PARAMETER] = st.session_state[_LAST] = st.session_state[_FOLLOWED] = id
    st.session_state[DONE] = False


def find() -> Taste | None:
    """The search of the address, or the last one of this tab."""
    id = st.query_params.get(PARAMETER) or st.session_state.get(_LAST)
    if not id:
        return None
    try:
        taste = searches.find(id, owner())
    except StudioError as error:
        _close()
        st.warning(words.plain(str(error)), icon=":material/search_off:")
        return None
    st.query_params[PARAMETER] = st.session_state[_LAST] = id
    return taste


def show_search(taste: Taste) -> None:
    """What is searched, next to the images, and the way back to the questions."""
    duels = so_far(taste)
    st.markdown(f"**{_title(taste)}**")
    images = [file for slot in ("content", "style") for file in taste.inputs.get(slot, ())]
    with st.container(horizontal=True):
        for file in images:
            try:
                browser_images.captioned(samples.small(file), width=96, caption=tasks.stem(file.name))
            except StudioError as error:
                st.caption(words.plain(str(error)))
    st.caption(wording.ranges(taste.kind, duels.grid))
    st.markdown(words.plain(wording.learned(taste.kind, lines(duels))))
    st.button("New search", icon=":material/arrow_back:", on_click=_close, help="This search is kept")


def resume() -> None:
    """The last searches by preference, to continue with."""
    for taste in searches.recent(owner()):
        label = f"Continue: {_title(taste)}, {len(taste.compared)} compared"
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                label,
                key=f"eye_on_{taste.id}",
                icon=":material/arrow_forward:",
                type="tertiary",
                on_click=show,
                args=(taste.id,),
            )
            forget: dict[str, Any] = {
                "on_click": _forget,
                "args": (taste.id,),
                "help": "Deletes this search; images in the gallery stay",
            }
            st.button("Forget", key=f"eye_off_{taste.id}", type="tertiary", **forget)


def so_far(taste: Taste) -> Pairs:
    """The search as it stands, worked out once for what was picked."""
    held = st.session_state.get(_DUELS)
    if held is None or held[0] != taste:
        held = st.session_state[_DUELS] = (taste, taste.duels())
    return held[1]


def _title(taste: Taste) -> str:
    return words.plain(words.made_of(taste)) or taste.task


def _close() -> None:
    st.query_params.pop(PARAMETER, None)
    st.session_state.pop(_LAST, None)
    st.session_state[DONE] = False


def _forget(id: str) -> None:
    with suppress(StudioError):  # gone already
        searches.remove(id, owner())
