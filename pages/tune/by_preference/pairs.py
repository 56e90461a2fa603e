"""Two images side by side, of which a user picks the better one, again and again."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.jobs import live, results
from pages.tune.by_preference import best, pair_form, session, wording
from pages.widgets import browser_images, weight_downloads, words
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.tune.by_preference import searches
from studio.tune.by_preference.pairs import MOST, Pair, Pairs
from studio.tune.by_preference.searches import Taste

_SHELF, _HELD = "eye", 12  # images that a tab keeps, so that undoing and the last winners cost nothing
_SAID = "eye_said"


def compare(taste: Taste) -> Pairs:
    """Draws the pair, or the best once there is nothing left to compare; gives the search as it stands."""
    duels = session.so_far(taste)
    if problem := st.session_state.pop(_SAID, ""):
        st.error(words.plain(problem), icon=":material/error:")
    if engine.connect().status() != "ready":
        live.wait()
    elif absent := weight_downloads.missing(_needs(taste, duels)):
        st.info(f"The images need {weight_downloads.sizes(absent)}.", icon=":material/download:")
        for status in absent:
            weight_downloads.offer(status)
    elif st.session_state.get(session.DONE) or duels.pair is None:
        made = _made(taste, duels, duels.best)
        if made is not None:
            best.best(taste, duels, made, on_back=None if duels.pair is None else _done)
    else:
        _pair(taste, duels, duels.pair)
    return duels


def _pair(taste: Taste, duels: Pairs, pair: Pair) -> None:
    number = len(taste.compared) + 1
    st.progress((number - 1) / MOST, f"Comparison {number} of {MOST} at most: which do you like better?")
    sides = st.columns(2, gap="small")
    made: dict[int, engine.Live] = {}
    # What is there already is drawn first, so that a user has something to look at meanwhile.
    points = (pair.left, pair.right)
    for side in sorted((0, 1), key=lambda side: not _here(taste, duels, points[side])):
        with sides[side]:
            live_result = _image(taste, duels, points[side], ("The left image", "The right image")[side])
            if live_result is not None:
                made[side] = live_result
    if len(made) < len(sides):
        st.button("Try again", icon=":material/refresh:")
        return
    for side, picked, key in ((0, "left", "Left"), (1, "right", "Right")):
        sides[side].button(
            "This one",
            key=f"eye_{picked}",
            icon=":material/thumb_up:",
            type="primary",
            width="stretch",
            shortcut=key,
            on_click=_compare,
            args=(taste.id, pair, picked),
        )
    with st.container(horizontal=True):
        alike: dict[str, Any] = {"on_click": _compare, "args": (taste.id, pair, "alike"), "shortcut": "0"}
        st.button(
            "Too alike",
            icon=":material/drag_handle:",
            help="Too similar, or neither is better",
            **alike,
        )
        none = not taste.compared
        st.button("Undo last", icon=":material/undo:", disabled=none, on_click=_undo, args=(taste.id,))
        st.button("Show the best", icon=":material/check:", disabled=none, on_click=_done, args=(True,))
    with st.expander("Settings of these images", icon=":material/receipt_long:"):
        for side, name in ((0, "Left"), (1, "Right")):
            told = wording.point(taste.kind, dict(zip(duels.grid.names, points[side], strict=True)))
            st.markdown(f"**{name}**: {words.plain(told)}")
            results.download(made[side].data, taste.task, key=f"eye_{side}", made=made[side].recipe)
        st.caption("Each file contains its recipe.")


def _image(taste: Taste, duels: Pairs, point: tuple, name: str) -> engine.Live | None:
    place = st.empty()
    with place.container(), st.spinner("Generating ..."):
        made = _made(taste, duels, point)
    # Not within: the spinner takes itself away at a place that an image would no longer have.
    if made is not None:
        with place:
            browser_images.image(made.data, alt=name)
    return made


def _made(taste: Taste, duels: Pairs, point: tuple) -> engine.Live | None:
    return live.live_result(taste.task, taste.made(point, duels.grid.names), taste.inputs, _SHELF, _HELD)


def _here(taste: Taste, duels: Pairs, point: tuple) -> bool:
    settings = taste.made(point, duels.grid.names)
    return settings.model_dump_json() + str(taste.inputs) in live.held(_SHELF)


def _needs(taste: Taste, duels: Pairs) -> list[str]:
    settings = taste.made(duels.grid.usual, duels.grid.names)
    return pair_form.weights_needed(taste.task, settings, duels.grid.ranges)


def _compare(id: str, pair: Pair, picked: searches.Picked) -> None:
    try:
        searches.compare(id, owner(), pair, picked)
    except StudioError as error:
        st.session_state[_SAID] = str(error)


def _undo(id: str) -> None:
    try:
        searches.undo(id, owner())
    except StudioError as error:
        st.session_state[_SAID] = str(error)


def _done(done: bool = False) -> None:
    st.session_state[session.DONE] = done
