"""Pairs of images, of which the user picks the better one."""

from __future__ import annotations

import streamlit as st

from pages.jobs import live, results
from pages.tune.by_preference import best, pair_form, session, wording
from pages.widgets import page_errors, weight_downloads, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.tune.by_preference import search_store
from studio.tune.by_preference.pairs import MAX_COMPARISONS, Pair, PairSelector
from studio.tune.by_preference.search_store import PreferenceSearch

# Images per tab, so that undo and recent winners need no computation.
_CACHE_NAME, _MAX_CACHED = "preference", 12
_SLOT = "by_preference"  # of errors
_SIDES: tuple[search_store.Pick, ...] = ("left", "right")


def show_comparison(search: PreferenceSearch) -> PairSelector:
    """Shows the next pair, or the best image when nothing is left to compare. Returns the comparisons."""
    selector = session.get_pairs(search)
    page_errors.show_errors(_SLOT)
    if engine.connect().status() != "ready":
        live.show_warm_up()
    elif missing := weight_downloads.list_missing(_list_required_weights(search, selector)):
        st.info(f"The images need {weight_downloads.describe_sizes(missing)}.", icon=":material/download:")
        weight_downloads.offer_download(missing)
    elif st.session_state.get(session.DONE_KEY) or selector.next_pair is None:
        result = _compute_image(search, selector, selector.best)
        if result is not None:
            best.show(search, selector, result, on_back=None if selector.next_pair is None else _set_done)
    else:
        _show_pair(search, selector, selector.next_pair)
    return selector


def _show_pair(search: PreferenceSearch, selector: PairSelector, pair: Pair) -> None:
    number = len(search.compared) + 1
    st.progress(
        (number - 1) / MAX_COMPARISONS,
        f"Comparison {number} of {MAX_COMPARISONS} at most: which do you like better?",
    )
    columns = st.columns(2, gap="small")
    results_by_side: dict[int, engine.Live] = {}
    # Draw a cached image first, so that the user can look at it meanwhile.
    points = (pair.left, pair.right)
    for side in sorted((0, 1), key=lambda side: not _is_cached(search, selector, points[side])):
        with columns[side]:
            result = _show_image(search, selector, points[side], f"The {_SIDES[side]} image")
        if result is not None:
            results_by_side[side] = result
    if len(results_by_side) < len(columns):
        st.button("Try again", icon=":material/refresh:")
        return
    for column, answer in zip(columns, _SIDES, strict=True):
        column.button(
            "This one",
            key=f"preference_{answer}",
            icon=":material/thumb_up:",
            type="primary",
            width="stretch",
            shortcut=answer.capitalize(),
            on_click=_store_answer,
            args=(search.id, pair, answer),
        )
    _show_other_actions(search, pair)
    with st.expander("Settings of these images", icon=":material/receipt_long:"):
        for side, point in enumerate(points):
            values = dict(zip(selector.grid.names, point, strict=True))
            description = wording.describe_settings(search.settings_class, values)
            st.markdown(f"**{_SIDES[side].capitalize()}**: {words.escape(description)}")
            result = results_by_side[side]
            results.show_download(result.data, search.task, key=f"preference_{side}", recipe=result.recipe)
        st.caption("Each file contains its recipe.")


def _show_other_actions(search: PreferenceSearch, pair: Pair) -> None:
    """Draws the buttons for a tie, for undo and for the best image so far."""
    is_first = not search.compared
    with st.container(horizontal=True):
        st.button(
            "Too alike",
            icon=":material/drag_handle:",
            help="The two images are too similar, or neither is better",
            shortcut="0",
            on_click=_store_answer,
            args=(search.id, pair, "alike"),
        )
        st.button(
            "Undo last", icon=":material/undo:", disabled=is_first, on_click=_undo_answer, args=(search.id,)
        )
        st.button(
            "Show the best", icon=":material/check:", disabled=is_first, on_click=_set_done, args=(True,)
        )


def _show_image(
    search: PreferenceSearch, selector: PairSelector, point: tuple, name: str
) -> engine.Live | None:
    placeholder = st.empty()
    with placeholder.container(), st.spinner("Generating ..."):
        result = _compute_image(search, selector, point)
    # Outside the spinner: when it ends, it removes the element at its position.
    if result is not None:
        with placeholder:
            best.show_image(search, result, name)
    return result


def _compute_image(search: PreferenceSearch, selector: PairSelector, point: tuple) -> engine.Live | None:
    return live.make_result(
        search.task,
        search.make_image_settings(point, selector.grid.names),
        search.inputs,
        _CACHE_NAME,
        _MAX_CACHED,
    )


def _is_cached(search: PreferenceSearch, selector: PairSelector, point: tuple) -> bool:
    settings = search.make_image_settings(point, selector.grid.names)
    return live.is_cached(settings, search.inputs, _CACHE_NAME)


def _list_required_weights(search: PreferenceSearch, selector: PairSelector) -> list[str]:
    settings = search.make_image_settings(selector.grid.default_point, selector.grid.names)
    return pair_form.list_weights_needed(search.task, settings, selector.grid.ranges)


def _store_answer(id: str, pair: Pair, answer: search_store.Pick) -> None:
    page_errors.attempt(_SLOT, lambda: search_store.add_comparison(id, get_owner(), pair, answer))


def _undo_answer(id: str) -> None:
    page_errors.attempt(_SLOT, lambda: search_store.remove_last_comparison(id, get_owner()))


def _set_done(done: bool = False) -> None:
    st.session_state[session.DONE_KEY] = done
