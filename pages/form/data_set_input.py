"""The images to learn from: a sample set, drawn by the studio, or a user's own in an archive."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import streamlit as st

from pages.form import forms, image_input, kept_inputs, samples, uploads
from pages.widgets import words
from studio.core import data
from studio.core.data import sample_sets
from studio.core.tasks import File

MOST_MB = 500
TAKEN = ["zip", "tar", "tgz", "gz", "npz"]
KEY, OWN, LABEL = "images", "Your own", "Training images"
_SLOT, _OWN, _NEXT = "set", "set_file", "set_next"


@dataclass(frozen=True)
class DatasetChoice:
    """Images to learn from: what they are called, and the kept archive."""

    title: str
    file: File


def choose(
    others: Mapping[str, Callable[[], DatasetChoice | None]] = MappingProxyType({}),
) -> DatasetChoice | None:
    """Asks for images, the first sample chosen already; None while there are no own ones yet.

    Args:
        others: further ways of choosing, by what each is called; each asks in its own words.
    """
    if wish := st.session_state.pop(_NEXT, None):
        choose_again(wish)
    known = {name.capitalize(): one for name, one in sample_sets.sets().items()}
    mine = own_archive()
    kept_inputs.keep_files(_OWN, [mine] if mine else [])
    names = [*(one.name for one in known.values()), "own"]
    names += [title.replace(" ", "-").lower() for title in others]
    chosen = which([*known, OWN, *others], names, key=KEY, tile=4.8 if others else 6.5)
    if chosen in others:
        return others[chosen]()
    if chosen in known:
        st.caption(f"{known[chosen].title} Drawn by the studio.")
        return DatasetChoice(chosen, sample(known[chosen].name))
    _ask()
    if mine is None:
        st.caption(
            ":material/info: A zip with one folder per class, with a few dozen images in each. "
            "The folder names become the class names."
        )
        return None
    st.caption(f":material/folder_zip: {words.plain(mine.name)}")
    return DatasetChoice(mine.name, mine)


@dataclass(frozen=True)
class Chosen:
    """What is chosen: which way, and the archive of a user's own, if there is one."""

    way: str
    own: File | None


def own_archive() -> File | None:
    """The archive that a user added last; None while there is none."""
    return next(iter(kept_inputs.restore_files(_OWN, "dataset")), None)


def chosen_now() -> Chosen:
    """What is chosen, so that it can be chosen again."""
    return Chosen(st.session_state.get(KEY, ""), own_archive())


def choose_again(chosen: Chosen) -> None:
    """Chooses what was chosen before. Call it from a callback."""
    st.session_state[KEY], st.session_state[_OWN] = chosen.way, [chosen.own] if chosen.own else []


def put(file: File) -> None:
    """Chooses a sample set, or a kept archive as a user's own. Call it before the form is drawn."""
    known = {sample_sets.PREFIX + name: name.capitalize() for name in sample_sets.sets()}
    way = known.get(samples.spelled(file))
    choose_again(Chosen(way, own_archive()) if way else Chosen(OWN, file))


def use(file: File) -> None:
    """Chooses a kept archive as a user's own, from the next run of the page on."""
    st.session_state[_NEXT] = Chosen(OWN, file)


def choose_next(way: str) -> None:
    """Chooses another way, from the next run of the page on."""
    st.session_state[_NEXT] = Chosen(way, own_archive())


def download(file: File) -> None:
    """Offers a kept archive to be saved; it is read only once a user asks for it."""
    with st.popover(
        "Download", icon=":material/download:", type="tertiary", on_change="rerun", key="set_out"
    ) as box:
        if box.open:
            mime = "application/zip"
            st.download_button(words.plain(file.name), file.read(), file.name, mime, on_click="ignore")


def which(
    titles: Sequence[str],
    names: Sequence[str],
    *,
    key: str,
    label: str = LABEL,
    tile: float = image_input.TILE,
) -> str:
    """Asks for one of several data sets, each next to its small image, the first chosen already.

    Args:
        titles: of each.
        names: of each, by which its small image is called.
        label: what is asked for.
        tile: a small image's width at least, in rem.
    """
    forms.choosing(key, titles)
    return image_input.pills(
        label,
        titles,
        [samples.shipped(f"set-{name}") for name in names],
        default=titles[0],
        required=True,
        key=key,
        bind="query-params",
        tile=tile,
    )


def _ask() -> None:
    help = "One folder per class. No code in the archive is run, and no links are followed"
    label = "A zip, tar or npz from your device"
    uploads.ask(_SLOT, label, _take, type=TAKEN, max_upload_size=MOST_MB, help=help)
    uploads.show_fault(_SLOT)


def _take(body: bytes, name: str) -> None:
    file = File.keep(body, "dataset", name)
    data.count(file)  # raises for what cannot be opened, before the archive of until now gives way
    st.session_state[_OWN] = [file]


def sample(name: str) -> File:
    """A sample set as a kept archive."""
    with st.spinner("Drawing the images ..."):  # only the first time; kept files may be removed later
        return sample_sets.reference(sample_sets.PREFIX + name)
