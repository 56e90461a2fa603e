"""Classes by hand: a user names them, and fills them from the device and from the camera.

What was gathered stays, whatever page the tab shows and also after a reload, until the user takes it away.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from pages.classify import camera
from pages.classify.hand_classes import LONGEST, LONGEST_NAME, MOST, HandClass, HandClasses
from pages.form import data_set_input, image_input, kept_inputs, loose_images, samples, uploads
from pages.form.data_set_input import DatasetChoice
from pages.widgets import keys, words
from pages.widgets.owners import owner
from studio.core import amounts
from studio.core.data import ImageDataset
from studio.core.errors import StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File
from studio.engine import quotas

TITLE = "By hand"
SHOWN = 24  # images of a class at first; so many more at a time
_HELD, _MADE, _PACKED, _LENS = "by_hand", "by_hand_made", "by_hand_packed", "by_hand_lens"
_SLOT = "by_hand"  # of what is wrong with no class alone


def wanted() -> bool:
    """Whether a user chose to gather images by hand."""
    return st.session_state.get(data_set_input.KEY) == TITLE


def choose() -> DatasetChoice | None:
    """The images that were gathered, once a user has said that these are all; None until then."""
    archives = kept_inputs.restore_files(_MADE, "dataset")
    if archives and not archives[0].here:
        archives.clear()
    kept_inputs.keep_files(_MADE, archives)
    kept_inputs.keep(_HELD, _held().description if len(_held()) else None)
    if not archives:
        st.caption(":material/info: Name your classes and add images to each, from files or the camera.")
        return None
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/photo_library: {words.plain(_counted())}")
        st.button("Change", type="tertiary", icon=":material/edit:", on_click=_again)
        data_set_input.download(archives[0])
    return DatasetChoice(archives[0].name, archives[0])


def offer(file: File, dataset: ImageDataset) -> None:
    """Offers to continue by hand with an archive that is not too large for it."""
    if wanted() or dataset.labels is None or len(dataset.names) > MOST:
        return
    help = "Add images to this dataset or remove some, one by one, also with the camera"
    if not st.button("Change by hand", type="tertiary", icon=":material/edit:", help=help):
        return
    bar = st.progress(0.0, "Reading images")

    def show(report: Report) -> None:
        bar.progress(report.share, report.text)

    try:
        left = _held().bring(file, Progress(show))
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return
    if left:
        told = f"{amounts.count(left, 'file')} {'was' if left == 1 else 'were'}"
        uploads.set_fault(_SLOT, f"{told} left out: broken, over the limit, or already in another class.")
    st.session_state[_MADE] = []
    data_set_input.choose_next(TITLE)
    st.rerun()


@st.fragment
def gather() -> None:
    """Lets a user name classes and give each its images. A fragment: all else stays as it is."""
    held = _held()
    kept_inputs.keep(_HELD, held.description if len(held) else None)
    st.subheader("Your classes", anchor=False)
    for one in held.classes:
        with st.container(border=True, key=f"hand_{one.number}"):
            _card(held, one)
    uploads.show_fault(_SLOT)
    missing = held.missing()
    if missing:
        st.caption(f":material/info: {words.plain(missing)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Add a class", icon=":material/add:", on_click=_told, args=(_SLOT, held.add))
        if held.can_undo:
            st.button("Undo", icon=":material/undo:", on_click=held.undo, help="Brings back what you removed")
        label = f"Use these {len(held):,} images" if len(held) else "Use these images"
        # Under a key it stays the same button while images come, so that a click is not lost.
        use: dict[str, Any] = {"type": "primary", "icon": ":material/check:", "key": "by_hand_use"}
        done = st.button(label, disabled=bool(missing), **use)
    if done and _finish(held):
        st.rerun()


def _held() -> HandClasses:
    return kept_inputs.restore(_HELD, HandClasses.read)


def _counted() -> str:
    held = _held()
    return f"{amounts.count(len(held), 'image')} in {amounts.count(len(held.classes), 'class', 'classes')}"


def _again() -> None:
    st.session_state[_MADE] = []


def _finish(held: HandClasses) -> bool:
    """Makes an archive of all; whether that went well."""
    try:
        quotas.check_room(owner(), sum(file.path.stat().st_size for file in held.members().values()))
        made = loose_images.packed(held.called, held.members(), key=_PACKED, longest=LONGEST)
    except (StudioError, OSError) as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return False
    st.session_state[_MADE] = [made]
    st.session_state[_LENS] = None
    return True


def _told(slot: str, do: Callable[[], object]) -> None:
    """Does something, and leaves a sentence where it cannot be done. A callback."""
    try:
        do()
    except StudioError as error:
        uploads.set_fault(slot, str(error))


def _card(held: HandClasses, one: HandClass) -> None:
    """One class: its name, how it gets images, and which it has."""
    slot = f"hand_{one.number}"
    key, count = keys.part(slot, "name"), len(one.images)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text_input(
            f"Name of class {one.number}",
            one.name,
            key=key,
            max_chars=LONGEST_NAME,
            label_visibility="collapsed",
            on_change=_rename,
            args=(held, one, slot, key),
        )
        st.markdown(amounts.count(count, "image"), width="content")
        help = f"Delete {words.plain(one.name)}, with its images"
        delete: dict[str, Any] = {"icon": ":material/delete:", "type": "tertiary", "help": help}
        st.button("Delete", key=keys.part(slot, "delete"), on_click=held.delete, args=(one.number,), **delete)
    uploads.show_fault(slot)
    lens = st.session_state.get(_LENS) == one.number
    folder = st.session_state.get(keys.part(slot, "folder"), False)
    uploads.ask(
        slot,
        f"A folder of {words.plain(one.name)}" if folder else f"Images of {words.plain(one.name)}",
        partial(_take, held, one.number),
        type=image_input.TAKEN,
        accept_multiple_files="directory" if folder else True,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        label, icon = ("Close the camera", "videocam_off") if lens else ("Camera", "videocam")
        opens = None if lens else one.number
        st.button(label, key=keys.part(slot, "lens"), icon=f":material/{icon}:", on_click=_aim, args=(opens,))
        st.toggle("A whole folder", key=keys.part(slot, "folder"))
    if lens:
        camera.record(
            keys.part(slot, "camera"), partial(_shoot, held, one.number, slot), max(1, MOST - len(held))
        )
    _images(held, one, slot)


def _take(held: HandClasses, number: int, data: bytes, name: str) -> None:
    held.take(number, data, name)


def _shoot(held: HandClasses, number: int, slot: str, shots: list[bytes]) -> None:
    """Takes what the camera sent."""
    for data in shots:
        count = next(len(one.images) for one in held.classes if one.number == number)
        _told(slot, partial(held.take, number, data, f"camera-{count + 1}.jpg"))


def _aim(number: int | None) -> None:
    st.session_state[_LENS] = number


def _rename(held: HandClasses, one: HandClass, slot: str, key: str) -> None:
    _told(slot, partial(held.rename, one.number, st.session_state[key]))
    st.session_state[key] = next(now.name for now in held.classes if now.number == one.number)


def _images(held: HandClasses, one: HandClass, slot: str) -> None:
    """Those of a class, the newest first, of which some can be removed or moved."""
    if not one.images:
        return
    key, more = keys.part(slot, "chosen"), keys.part(slot, "more")
    most = st.session_state.setdefault(more, SHOWN)
    shown = list(one.images)[::-1][:most]
    chosen = set(
        image_input.pills(
            f"Images of {words.plain(one.name)}",
            shown,
            [samples.small(one.images[digest]) for digest in shown],
            selection_mode="multi",
            format_func=lambda digest: words.plain(one.images[digest].name),
            label_visibility="collapsed",
            key=key,
        )
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if chosen:
            count = len(chosen)
            remove: dict[str, Any] = {"icon": ":material/delete:", "on_click": _remove}
            st.button(
                f"Remove {count:,}", key=keys.part(slot, "remove"), args=(held, one, key, chosen), **remove
            )
            others = {other.number: words.plain(other.name) for other in held.classes if other is not one}
            if others:
                st.selectbox(
                    "Move to",
                    list(others),
                    index=None,
                    format_func=others.__getitem__,
                    key=keys.part(slot, "to"),
                    placeholder=f"Move {count:,} to ...",
                    label_visibility="collapsed",
                    on_change=_move,
                    args=(held, one, key, chosen, keys.part(slot, "to")),
                    width=200,
                )
        elif len(one.images) > most:
            left = len(one.images) - most
            st.button(
                f"Show more ({left:,} left)", key=keys.part(slot, "shown"), on_click=_more, args=(more,)
            )
        else:
            st.caption("Click images to remove or move them.")


def _more(key: str) -> None:
    st.session_state[key] += SHOWN * 2


def _remove(held: HandClasses, one: HandClass, key: str, chosen: set[str]) -> None:
    held.remove(one.number, chosen)
    st.session_state[key] = []


def _move(held: HandClasses, one: HandClass, key: str, chosen: set[str], to: str) -> None:
    number = st.session_state[to]
    if number is not None:
        held.move(one.number, chosen, number)
    st.session_state[key], st.session_state[to] = [], None
