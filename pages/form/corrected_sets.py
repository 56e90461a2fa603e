"""A data set that a user corrected: a new archive, chosen at once.

The one of before stays as it was, and is chosen again by "Undo".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.form import data_set_input
from pages.widgets import keys, words
from pages.widgets.owners import owner
from studio.core.data import ImageDataset, relabel
from studio.core.data.relabel import Changes
from studio.core.errors import StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File
from studio.engine import quotas

_ENDING = " corrected"  # of the name of an archive


@dataclass(frozen=True)
class Chooser:
    """The widget that a data set was chosen with.

    Attributes:
        key: by which what was done is remembered in this tab.
        now: gives what is chosen, so that it can be chosen again.
        again: chooses that; called from a callback.
        use: chooses a kept archive as a user's own, from the next run of the page on.
    """

    key: str
    now: Callable[[], Any]
    again: Callable[[Any], None]
    use: Callable[[File], None]


@dataclass(frozen=True)
class _Done:
    """Something that was done: how it is told, to which archive it led, and what was chosen before."""

    told: str
    file: File
    before: Any


def tell(file: File, chooser: Chooser) -> None:
    """Says what was done to make an archive of another one, if it was here, and offers to undo it."""
    done: list[_Done] = st.session_state.get(_done(chooser), [])
    if not done or done[-1].file != file:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/check_circle: {done[-1].told}.", width="content")
        st.button("Undo", type="tertiary", icon=":material/undo:", on_click=_undo, args=(chooser,))
        data_set_input.download(file)


def make(file: File, dataset: ImageDataset, chosen: Sequence[Changes], chooser: Chooser) -> None:
    """Makes a new archive with what was chosen, and chooses it; or says why it cannot.

    Args:
        file: the data set.
        dataset: its images.
        chosen: the changes of each choice; what is removed by one is removed.
        chooser: what the data set was chosen with.
    """
    changes: dict[str, str] = {}
    for one in chosen:
        for name, to in one.items():
            changes[name] = to if changes.get(name, to) else ""
    if not changes:
        st.info("Nothing was changed: all images stay as they are.", icon=":material/info:")
        return
    bar = st.progress(0.0, "Copying images")
    try:
        quotas.check_room(owner(), file.path.stat().st_size)
        made = _made(file, dataset, changes, bar)
    except StudioError as error:
        bar.empty()
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    done = _Done(relabel.told(changes.values()), made, chooser.now())
    st.session_state[_done(chooser)] = [*st.session_state.get(_done(chooser), []), done]
    chooser.use(made)
    st.rerun()


def _made(file: File, dataset: ImageDataset, changes: Mapping[str, str], bar: DeltaGenerator) -> File:
    def hear(report: Report) -> None:
        bar.progress(report.share, report.text)

    return relabel.made(file, relabel.with_copies(changes, dataset), _name(file), Progress(hear))


def _name(file: File) -> str:
    """What the new archive is called: "shapes.tar.gz" -> "shapes corrected.zip"."""
    stem = file.name.partition(".tar")[0] if ".tar" in file.name else PurePath(file.name).stem
    return f"{stem.removesuffix(_ENDING)}{_ENDING}.zip"


def _undo(chooser: Chooser) -> None:
    done: list[_Done] = st.session_state[_done(chooser)]
    chooser.again(done.pop().before)


def _done(chooser: Chooser) -> str:
    return keys.part(chooser.key, "corrected")
