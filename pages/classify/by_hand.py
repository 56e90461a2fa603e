"""Classes by hand: the user names classes and adds images to each, from files or the camera.

The images stay when the user opens another page or reloads, until the user removes them.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.classify import camera
from pages.classify.hand_classes import MAX_IMAGES, MAX_NAME_LENGTH, MAX_SIDE, HandClass, HandClasses
from pages.form import (
    data_set_input,
    image_input,
    input_store,
    loose_images,
    problems,
    samples,
    tiles,
    uploads,
)
from pages.form.data_set_input import DatasetChoice
from pages.widgets import css, keys, page_errors, words
from pages.widgets.owners import get_owner
from studio.classify.settings import TrainClassifierSettings
from studio.core import amounts
from studio.core.data import ImageDataset
from studio.core.errors import StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File
from studio.engine import quotas

TITLE, NOTE = "By hand", "Camera or files"  # of the tile
# With ten images per class it is as accurate as ResNet50 (benchmarks/few_images.py), and can be shared.
BACKBONE = "efficientnet-lite0"
_BACKGROUND_NOTE = (
    "A third class *Nothing*, with images of the background alone, teaches the model what is neither."
)
IMAGES_SHOWN = 24  # images of a class at first
_CLASSES_KEY, _ARCHIVE_KEY, _PACKED_KEY, _CAMERA_KEY = (
    "by_hand",
    "by_hand_made",
    "by_hand_packed",
    "by_hand_lens",
)
_SCROLL_KEY = "by_hand_scroll"  # of the session: whether to scroll to the classes, or back to the form
_CHOSEN_KEY = "by_hand_chosen"  # of the session: whether it was the selected data set when last drawn
_SLOT = "by_hand"  # for errors that are not about a single class


def is_chosen() -> bool:
    """Returns whether "By hand" is the selected data set."""
    return st.session_state.get(data_set_input.KEY) == TITLE


def prepare_form() -> None:
    """Selects the default backbone after another choice of images, and scrolls to the classes. A callback.

    On a phone, the classes are far below the choice.
    """
    was_chosen = st.session_state.pop(_CHOSEN_KEY, False)
    st.session_state[_SCROLL_KEY] = is_chosen()
    general = TrainClassifierSettings.model_fields["backbone"].default
    before, after = (general, BACKBONE) if is_chosen() else (BACKBONE, general)
    if is_chosen() != was_chosen and st.session_state.get("backbone") == before:
        st.session_state["backbone"] = after


def list_initial_values() -> dict[str, str]:
    """Returns the initial values of the form that replace the defaults for classes by hand."""
    return {"backbone": BACKBONE} if is_chosen() else {}


def choose() -> DatasetChoice | None:
    """Returns the archive of the gathered images once the user has confirmed them; None until then."""
    st.session_state[_CHOSEN_KEY] = True
    archives = input_store.restore_files(_ARCHIVE_KEY, "dataset")
    if archives and not archives[0].is_available:
        archives.clear()
    input_store.store_files(_ARCHIVE_KEY, archives)
    input_store.store(
        _CLASSES_KEY, _restore_hand_classes().description if len(_restore_hand_classes()) else None
    )
    if not archives:
        st.caption(":material/info: Name your classes and add images to each, from files or the camera.")
        problems.note("Name your classes, add images to each, then press Use these images.")
        return None
    if st.session_state.pop(_SCROLL_KEY, False):
        css.scroll_to(f".{keys.css_class(data_set_input.KEY)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/photo_library: {words.escape(_describe_classes())}")
        st.button("Change", type="tertiary", icon=":material/edit:", on_click=_discard_archive)
        data_set_input.show_download(archives[0])
    return DatasetChoice(archives[0].name, archives[0])


def offer_changes(file: File, dataset: ImageDataset) -> None:
    """Offers to load an archive into the classes by hand, unless it has more than MAX_IMAGES images."""
    if is_chosen() or dataset.labels is None or len(dataset.names) > MAX_IMAGES:
        return
    help = "Lets you add images to this data set, from files or the camera, and remove individual images"
    if not st.button("Change by hand", type="tertiary", icon=":material/edit:", help=help):
        return
    bar = st.progress(0.0, "Reading images")

    def show_progress(report: Report) -> None:
        bar.progress(report.share, report.text)

    try:
        left_out = _restore_hand_classes().load_archive(file, Progress(show_progress))
    except StudioError as error:
        page_errors.show_error(error)
        return
    if left_out:
        subject = f"{amounts.format_count(left_out, 'file')} {'was' if left_out == 1 else 'were'}"
        page_errors.add_error(
            _SLOT, f"{subject} left out: broken, over the limit, or already in another class."
        )
    st.session_state[_ARCHIVE_KEY] = []
    data_set_input.select_title_next(TITLE)
    st.rerun()


@st.fragment
def show_classes() -> None:
    """Lets the user name classes and add images to each. A fragment: the rest of the page does not rerun."""
    hand_classes = _restore_hand_classes()
    input_store.store(_CLASSES_KEY, hand_classes.description if len(hand_classes) else None)
    st.subheader("Your classes", anchor=False)
    if st.session_state.pop(_SCROLL_KEY, False):
        css.scroll_to(".st-key-stage")
    for hand_class in hand_classes.classes:
        with st.container(border=True, key=f"hand_{hand_class.number}"):
            _show_class(hand_classes, hand_class)
    page_errors.show_errors(_SLOT)
    requirement = hand_classes.describe_requirement()
    if requirement:
        st.caption(f":material/info: {words.escape(requirement)}")
    if len(hand_classes.classes) == 2:
        st.caption(_BACKGROUND_NOTE)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Add a class",
            icon=":material/add:",
            on_click=_add_class,
            args=(hand_classes,),
        )
        if hand_classes.can_undo:
            st.button(
                "Undo",
                icon=":material/undo:",
                on_click=hand_classes.undo,
                help="Restores the images or the class that you removed last",
            )
        label = _label_confirmation(len(hand_classes))
        # The label changes while images arrive: without a key, a click could hit the old button and be lost.
        is_confirmed = st.button(
            label, disabled=bool(requirement), type="primary", icon=":material/check:", key="by_hand_use"
        )
    if is_confirmed and _pack_archive(hand_classes):
        st.rerun()


def _label_confirmation(count: int) -> str:
    """Returns the label of the button that uses `count` images."""
    if count == 1:
        return "Use this image"
    return f"Use these {count:,} images" if count else "Use these images"


def _add_class(hand_classes: HandClasses) -> None:
    page_errors.attempt(_SLOT, hand_classes.add)


def _restore_hand_classes() -> HandClasses:
    return input_store.restore(_CLASSES_KEY, HandClasses.read)


def _describe_classes() -> str:
    hand_classes = _restore_hand_classes()
    classes = amounts.format_count(len(hand_classes.classes), "class", "classes")
    return f"{amounts.format_count(len(hand_classes), 'image')} in {classes}"


def _discard_archive() -> None:
    st.session_state[_ARCHIVE_KEY] = []


def _pack_archive(hand_classes: HandClasses) -> bool:
    """Packs all classes into an archive. Returns False after showing an error."""
    try:
        quotas.check_disk_quota(
            get_owner(), sum(file.path.stat().st_size for file in hand_classes.list_members().values())
        )
        archive = loose_images.pack(
            hand_classes.archive_name, hand_classes.list_members(), key=_PACKED_KEY, longest=MAX_SIDE
        )
    except (StudioError, OSError) as error:
        st.error(words.escape(str(error)), icon=":material/error:")
        return False
    st.session_state[_ARCHIVE_KEY] = [archive]
    st.session_state[_CAMERA_KEY] = None
    st.session_state[_SCROLL_KEY] = True
    return True


def _show_class(hand_classes: HandClasses, hand_class: HandClass) -> None:
    """Shows one class: its name, ways to add images, and its images."""
    slot = f"hand_{hand_class.number}"
    key, count = keys.part(slot, "name"), len(hand_class.images)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text_input(
            f"Name of class {hand_class.number}",
            hand_class.name,
            key=key,
            max_chars=MAX_NAME_LENGTH,
            label_visibility="collapsed",
            on_change=_rename_class,
            args=(hand_classes, hand_class, slot, key),
        )
        st.markdown(amounts.format_count(count, "image"), width="content")
        help = f"Delete {words.escape(hand_class.name)}, with its images"
        st.button(
            "Delete",
            key=keys.part(slot, "delete"),
            on_click=hand_classes.delete,
            args=(hand_class.number,),
            icon=":material/delete:",
            type="tertiary",
            help=help,
        )
    page_errors.show_errors(slot)
    is_recording = st.session_state.get(_CAMERA_KEY) == hand_class.number
    folder = st.session_state.get(keys.part(slot, "folder"), False)
    uploads.ask(
        slot,
        f"A folder of {words.escape(hand_class.name)}"
        if folder
        else f"Images of {words.escape(hand_class.name)}",
        partial(_add_upload, hand_classes, hand_class.number),
        type=image_input.FILE_TYPES,
        accept_multiple_files="directory" if folder else True,
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        label, icon = ("Close the camera", "videocam_off") if is_recording else ("Camera", "videocam")
        camera_class = None if is_recording else hand_class.number
        st.button(
            label,
            key=keys.part(slot, "lens"),
            icon=f":material/{icon}:",
            on_click=_set_camera_class,
            args=(camera_class,),
        )
        st.toggle("A whole folder", key=keys.part(slot, "folder"))
    if is_recording:
        camera.show_recorder(
            keys.part(slot, "camera"),
            partial(_add_camera_images, hand_classes, hand_class.number, slot),
            max(1, MAX_IMAGES - len(hand_classes)),
        )
    _show_images(hand_classes, hand_class, slot)


def _add_upload(hand_classes: HandClasses, number: int, data: bytes, name: str) -> None:
    hand_classes.add_image(number, data, name)


def _add_camera_images(hand_classes: HandClasses, number: int, slot: str, images: list[bytes]) -> None:
    """Adds the images that the camera sent."""
    for data in images:
        count = len(hand_classes.find(number).images)
        page_errors.attempt(slot, partial(hand_classes.add_image, number, data, f"camera-{count + 1}.jpg"))


def _set_camera_class(number: int | None) -> None:
    st.session_state[_CAMERA_KEY] = number


def _rename_class(hand_classes: HandClasses, hand_class: HandClass, slot: str, key: str) -> None:
    page_errors.attempt(slot, partial(hand_classes.rename, hand_class.number, st.session_state[key]))
    st.session_state[key] = hand_classes.find(hand_class.number).name


def _show_images(hand_classes: HandClasses, hand_class: HandClass, slot: str) -> None:
    """Shows the images of a class, newest first, and lets the user remove or move some of them."""
    if not hand_class.images:
        return
    key, limit_key = keys.part(slot, "chosen"), keys.part(slot, "more")
    limit = st.session_state.setdefault(limit_key, IMAGES_SHOWN)
    digests = list(hand_class.images)[::-1][:limit]
    selected = set(
        tiles.show(
            f"Images of {words.escape(hand_class.name)}",
            digests,
            [samples.make_thumbnail(hand_class.images[digest]) for digest in digests],
            selection_mode="multi",
            format_func=lambda digest: words.escape(hand_class.images[digest].name),
            label_visibility="collapsed",
            key=key,
        )
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        if selected:
            count = len(selected)
            st.button(
                f"Remove {count:,}",
                key=keys.part(slot, "remove"),
                args=(hand_classes, hand_class, key, selected),
                icon=":material/delete:",
                on_click=_remove_images,
            )
            other_names = {
                other.number: words.escape(other.name)
                for other in hand_classes.classes
                if other is not hand_class
            }
            if other_names:
                st.selectbox(
                    "Move to",
                    list(other_names),
                    index=None,
                    format_func=other_names.__getitem__,
                    key=keys.part(slot, "to"),
                    placeholder=f"Move {count:,} to ...",
                    label_visibility="collapsed",
                    on_change=_move_images,
                    args=(hand_classes, hand_class, key, selected, keys.part(slot, "to")),
                    width=200,
                )
        elif len(hand_class.images) > limit:
            remaining = len(hand_class.images) - limit
            st.button(
                f"Show more ({remaining:,} left)",
                key=keys.part(slot, "shown"),
                on_click=_show_more_images,
                args=(limit_key,),
            )
        else:
            st.caption("Select images to remove or move them.")


def _show_more_images(key: str) -> None:
    st.session_state[key] += IMAGES_SHOWN * 2


def _remove_images(hand_classes: HandClasses, hand_class: HandClass, key: str, digests: set[str]) -> None:
    hand_classes.remove(hand_class.number, digests)
    st.session_state[key] = []


def _move_images(
    hand_classes: HandClasses, hand_class: HandClass, key: str, digests: set[str], to: str
) -> None:
    number = st.session_state[to]
    if number is not None:
        hand_classes.move(hand_class.number, digests, number)
    st.session_state[key], st.session_state[to] = [], None
