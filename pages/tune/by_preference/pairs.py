"""Pairs of images, of which the user picks the better one."""

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

_CACHE_NAME, _MOST_CACHED = "eye", 12  # images per tab, so that undo and recent winners need no computation
_ERROR_KEY = "eye_said"


def compare(taste: Taste) -> Pairs:
    """Shows the next pair, or the best image when nothing is left to compare. Returns the comparisons."""
    duels = session.pairs_of(taste)
    if problem := st.session_state.pop(_ERROR_KEY, ""):
        st.error(words.plain(problem), icon=":material/error:")
    if engine.connect().status() != "ready":
        live.wait()
    elif missing := weight_downloads.missing(_required_weights(taste, duels)):
        st.info(f"The images need {weight_downloads.sizes(missing)}.", icon=":material/download:")
        for status in missing:
            weight_downloads.offer(status)
    elif st.session_state.get(session.DONE) or duels.pair is None:
        result = _compute(taste, duels, duels.best)
        if result is not None:
            best.show(taste, duels, result, on_back=None if duels.pair is None else _set_done)
    else:
        _pair(taste, duels, duels.pair)
    return duels


def _pair(taste: Taste, duels: Pairs, pair: Pair) -> None:
    number = len(taste.compared) + 1
    st.progress((number - 1) / MOST, f"Comparison {number} of {MOST} at most: which do you like better?")
    sides = st.columns(2, gap="small")
    results_by_side: dict[int, engine.Live] = {}
    # Draw a cached image first, so that the user can look at it meanwhile.
    points = (pair.left, pair.right)
    for side in sorted((0, 1), key=lambda side: not _is_cached(taste, duels, points[side])):
        with sides[side]:
            live_result = _image(taste, duels, points[side], ("The left image", "The right image")[side])
            if live_result is not None:
                results_by_side[side] = live_result
    if len(results_by_side) < len(sides):
        st.button("Try again", icon=":material/refresh:")
        return
    for side, answer, key in ((0, "left", "Left"), (1, "right", "Right")):
        sides[side].button(
            "This one",
            key=f"eye_{answer}",
            icon=":material/thumb_up:",
            type="primary",
            width="stretch",
            shortcut=key,
            on_click=_compare,
            args=(taste.id, pair, answer),
        )
    with st.container(horizontal=True):
        tie_options: dict[str, Any] = {
            "on_click": _compare,
            "args": (taste.id, pair, "alike"),
            "shortcut": "0",
        }
        st.button(
            "Too alike",
            icon=":material/drag_handle:",
            help="The two images are too similar, or neither is better",
            **tie_options,
        )
        has_no_answers = not taste.compared
        st.button(
            "Undo last", icon=":material/undo:", disabled=has_no_answers, on_click=_undo, args=(taste.id,)
        )
        st.button(
            "Show the best",
            icon=":material/check:",
            disabled=has_no_answers,
            on_click=_set_done,
            args=(True,),
        )
    with st.expander("Settings of these images", icon=":material/receipt_long:"):
        for side, name in ((0, "Left"), (1, "Right")):
            description = wording.settings_text(
                taste.kind, dict(zip(duels.grid.names, points[side], strict=True))
            )
            st.markdown(f"**{name}**: {words.plain(description)}")
            results.download(
                results_by_side[side].data, taste.task, key=f"eye_{side}", recipe=results_by_side[side].recipe
            )
        st.caption("Each file contains its recipe.")


def _image(taste: Taste, duels: Pairs, point: tuple, name: str) -> engine.Live | None:
    placeholder = st.empty()
    with placeholder.container(), st.spinner("Generating ..."):
        result = _compute(taste, duels, point)
    # Outside the spinner: when it ends, it removes the element at its position.
    if result is not None:
        with placeholder:
            browser_images.image(result.data, alt=name)
    return result


def _compute(taste: Taste, duels: Pairs, point: tuple) -> engine.Live | None:
    return live.live_result(
        taste.task, taste.image_settings(point, duels.grid.names), taste.inputs, _CACHE_NAME, _MOST_CACHED
    )


def _is_cached(taste: Taste, duels: Pairs, point: tuple) -> bool:
    settings = taste.image_settings(point, duels.grid.names)
    return settings.model_dump_json() + str(taste.inputs) in live.recent_results(_CACHE_NAME)


def _required_weights(taste: Taste, duels: Pairs) -> list[str]:
    settings = taste.image_settings(duels.grid.usual, duels.grid.names)
    return pair_form.weights_needed(taste.task, settings, duels.grid.ranges)


def _compare(id: str, pair: Pair, answer: searches.Picked) -> None:
    try:
        searches.compare(id, owner(), pair, answer)
    except StudioError as error:
        st.session_state[_ERROR_KEY] = str(error)


def _undo(id: str) -> None:
    try:
        searches.undo(id, owner())
    except StudioError as error:
        st.session_state[_ERROR_KEY] = str(error)


def _set_done(done: bool = False) -> None:
    st.session_state[session.DONE] = done
