"""What a person does about labels that look wrong and pictures that are nearly the same.

Each is kept, removed, or put into another class. What comes of it is a new archive, which is chosen at once;
the one of before stays as it was, and is chosen again by "Undo".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.form import data_set_input
from pages.form.data_set_input import Chosen
from pages.teach import data_sets
from pages.widgets import words
from pages.widgets.owners import owner
from studio.classify.data import relabel
from studio.classify.data.relabel import Changes
from studio.core.data import Pictures
from studio.core.errors import StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File
from studio.engine import quotas

MOST_SHOWN = 48  # labels, and as many pairs, at a time
MOST_CLASSES = 40  # of which each is offered to move to; else only the one that a picture looks like
CARD = 168  # px
KEEP, MOVE, REMOVE = "Keep", "Move", "Remove"
_NEAR, _COMPARE = "Choose what becomes of pictures that are nearly the same", ":material/compare:"
_DONE = "corrections_done"  # what was done in this tab, the newest last
_ENDING = " corrected"  # of the name of an archive


@dataclass(frozen=True)
class _Done:
    """Something that was done: how it is told, to which archive it led, and what was chosen before."""

    told: str
    file: File
    before: Chosen


@dataclass(frozen=True)
class _Choice:
    """What can be done: how it is told, and the changes that it is."""

    title: str
    changes: Changes


def tell(file: File) -> None:
    """Says what was done to make an archive of another one, if it was here, and offers to undo it."""
    done: list[_Done] = st.session_state.get(_DONE, [])
    if not done or done[-1].file != file:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check_circle: {done[-1].told}.", width="content")
        st.button("Undo", type="tertiary", icon=":material/undo:", on_click=_undo)
        data_set_input.download(file)


def offer(
    file: File,
    pictures: Pictures,
    doubted: Sequence[Mapping[str, Any]],
    near: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Lets a person choose what becomes of each picture that was named.

    Args:
        file: the data set.
        pictures: its pictures.
        doubted: labels that look wrong, as `audit.suspicious` has them.
        near: pairs that are nearly the same, as `audit.facts` has them.
    """
    doubted, near = doubted[:MOST_SHOWN], near[:MOST_SHOWN]
    if not doubted and not near:
        return
    rows = {name: row for row, name in enumerate(pictures.names)}
    doubted = [one for one in doubted if one["name"] in rows]
    near = [pair for pair in near if pair["first"] in rows and pair["second"] in rows]
    key = f"correct_{file.digest[:12]}"
    if doubted:
        first = _first()
        with st.form(f"{key}_{first}", border=False):
            with st.container(horizontal=True, gap="small"):
                chosen = [_label(pictures, rows, one, first) for one in doubted]
            if near:
                with st.expander(_NEAR, icon=_COMPARE):
                    chosen += _pairs(pictures, rows, near)
            _button(file, pictures, chosen)
    elif near:
        with st.expander(_NEAR, icon=_COMPARE, key=f"{key}_near", on_change="rerun") as box:
            if box.open:
                with st.form(key, border=False):
                    _button(file, pictures, _pairs(pictures, rows, near))


def _button(file: File, pictures: Pictures, chosen: Sequence[Changes]) -> None:
    if st.form_submit_button("Apply", type="primary", icon=":material/check:"):
        _apply(file, pictures, chosen)


def _pairs(pictures: Pictures, rows: Mapping[str, int], near: Sequence[Mapping[str, Any]]) -> list[Changes]:
    with st.container(horizontal=True, gap="small"):
        return [_pair(pictures, rows, pair) for pair in near]


def _first() -> str:
    """What is chosen at first for all labels at once."""
    ways = {KEEP: "Keep all", MOVE: "Move all", REMOVE: "Remove all"}
    return st.segmented_control(
        "To begin with", list(ways), format_func=ways.get, default=KEEP, required=True, key="correct_first"
    )


def _label(pictures: Pictures, rows: Mapping[str, int], one: Mapping[str, Any], first: str) -> Changes:
    """One label that looks wrong; gives what is chosen."""
    name, label, looks_like = (one[key] for key in ("name", "label", "looks_like"))
    others = [known for known in pictures.classes if known not in (label, looks_like)]
    choices = [
        _Choice(f"Keep as {label}", {}),
        _Choice(f"Move to {looks_like}", {name: looks_like}),
        *(_Choice(f"Move to {other}", {name: other}) for other in others[:MOST_CLASSES]),
        _Choice("Remove", {name: ""}),
    ]
    at = {KEEP: 0, MOVE: 1, REMOVE: len(choices) - 1}[first]
    with st.container(width=CARD, gap="xsmall"):
        _show(pictures, rows, f"{label}? Rather {looks_like}, {one['confidence']:.0%}", name)
        return _choose(f"What becomes of {name}", choices, at, f"label_{first}_{name}")


def _pair(pictures: Pictures, rows: Mapping[str, int], pair: Mapping[str, Any]) -> Changes:
    """A pair that is nearly the same; gives what is chosen."""
    first, second = pair["first"], pair["second"]
    choices = [
        _Choice("Keep both", {}),
        _Choice("Remove the second", {second: ""}),
        _Choice("Remove the first", {first: ""}),
    ]
    caption = f"{pair['alike']:.0%} alike"
    if pair["across"]:
        one, other = (pictures.classes[pictures.known_labels[rows[name]]] for name in (first, second))
        choices += [
            _Choice(f"Move the first to {other}", {first: other}),
            _Choice(f"Move the second to {one}", {second: one}),
            _Choice("Remove both", {first: "", second: ""}),
        ]
        caption = f"{one} and {other}, {caption}"
    with st.container(width=CARD, gap="xsmall"):
        _show(pictures, rows, caption, first, second)
        return _choose(f"What becomes of {first} and {second}", choices, 0, f"pair_{first}_{second}")


def _show(pictures: Pictures, rows: Mapping[str, int], caption: str, *names: str) -> None:
    """One picture or two beside each other, with a few words below."""
    found = [data_sets.small(pictures.images[rows[name]]) for name in names]
    st.image(np.concatenate(found, axis=1), width=CARD, caption=words.plain(caption), alt=", ".join(names))


def _choose(label: str, choices: Sequence[_Choice], at: int, key: str) -> Changes:
    chosen = st.selectbox(
        words.plain(label),
        range(len(choices)),
        at,
        format_func=lambda n: words.plain(choices[n].title),
        label_visibility="collapsed",
        key=f"correct_{key}",
    )
    return choices[chosen].changes


def _apply(file: File, pictures: Pictures, chosen: Sequence[Changes]) -> None:
    """Makes a new archive with what was chosen, and chooses it."""
    changes: dict[str, str] = {}
    for one in chosen:
        for name, to in one.items():
            changes[name] = to if changes.get(name, to) else ""  # what is removed once is removed
    if not changes:
        st.info("Nothing was changed: all of them are kept as they are.", icon=":material/info:")
        return
    bar = st.progress(0.0, "Copying pictures")
    try:
        quotas.check_room(owner(), file.path.stat().st_size)
        told = relabel.told(changes.values())
        changes = relabel.with_copies(changes, pictures)
        made = relabel.made(file, changes, _name(file), Progress(lambda report: _hear(bar, report)))
    except StudioError as error:
        bar.empty()
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    done = _Done(told, made, data_set_input.chosen_now())
    st.session_state[_DONE] = [*st.session_state.get(_DONE, []), done]
    data_set_input.use(made)
    st.rerun()


def _hear(bar: DeltaGenerator, report: Report) -> None:
    bar.progress(report.share, report.text)


def _name(file: File) -> str:
    """What the new archive is called: "shapes.tar.gz" -> "shapes corrected.zip"."""
    stem = file.name.partition(".tar")[0] if ".tar" in file.name else PurePath(file.name).stem
    return f"{stem.removesuffix(_ENDING)}{_ENDING}.zip"


def _undo() -> None:
    done: list[_Done] = st.session_state[_DONE]
    data_set_input.choose_again(done.pop().before)
