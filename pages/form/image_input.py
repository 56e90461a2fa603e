"""Image inputs: samples and the user's own images as tiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

import streamlit as st

from pages.form import blending, image_edit, samples, tiles, uploads
from pages.form.samples import Sample
from pages.widgets import assets, keys, owners, page_errors, words
from studio.core.errors import StudioError, make_printable
from studio.core.imaging import formats, image_io
from studio.core.tasks import File, humanize_stem
from studio.run import file_checks, own_images

MAX_RESTORED = 8
RECENT_WIDTH = 2.5  # minimum width of a recent image, in rem
_MAX_TITLE = 40  # characters
FILE_TYPES = [ending.removeprefix(".") for ending in formats.EXTENSIONS]


def choose_image(
    slot: str,
    label: str,
    options: Sequence[Sample],
    own_title: str = "Your photo",
    offer_video: Callable[[File], None] | None = None,
    is_editable: bool = True,
) -> Sample:
    """Draws images as tiles, of which the user selects one, and returns it; the first is preselected.

    Args:
        slot: key of the widget and in the address.
        label: of the widget.
        options: the samples.
        own_title: title of an own image without a usable file name.
        offer_video: draws a button that uses all frames of an animated image; None for no button.
        is_editable: whether the image can be cropped and rotated, which removes its recipe.
    """
    _restore_own_images(slot, own_title, options)
    choices = _list_samples_by_title(slot, options)
    titles = list(choices)
    unknown_titles = _list_unknown_titles(slot, titles)
    selected = tiles.show(
        label,
        titles,
        [choice.thumbnail for choice in choices.values()],
        default=titles[0],
        required=True,
        key=slot,
        bind="query-params",
    )
    sample = choices.get(selected) or choices[titles[0]]
    _store_in_address(slot, [sample.title])
    page_errors.show_not_found("image", unknown_titles)
    if sample.credit:
        st.caption(sample.credit)
    own_file = st.session_state.get(_own_key(slot), {}).get(sample.title)
    if own_file is not None and _is_animated(own_file):
        st.caption(":material/info: This file is animated; only its first frame is used.")
        if offer_video is not None:
            offer_video(own_file)
    _show_recent_row(slot, own_title)
    with st.container(horizontal=True):
        _show_upload_popover(slot, own_title, accept_several=False)
        if is_editable:
            _show_edit_popover(slot, sample)
    return sample


@owners.cached(max_entries=64)
def _is_animated(file: File) -> bool:
    """Returns whether an image has several frames; False if it is no longer stored."""
    with suppress(StudioError, OSError):
        return image_io.is_animated(file.read())
    return False


def choose_optional_image(
    slot: str, label: str, options: Sequence[Sample], help: str, own_title: str = "Your photo"
) -> Sample | None:
    """Draws a switch that, when on, lets the user select one image. Returns None when off."""
    if not st.toggle(label, key=_switch_key(slot), bind="query-params", help=help):
        return None
    return choose_image(slot, label, options, own_title)


def choose_images(
    slot: str,
    label: str,
    options: Sequence[Sample],
    max_images: int,
    own_title: str = "Your style",
    blend_label: str = "",
) -> list[Sample]:
    """Draws images as tiles, of which the user selects one, or up to `max_images` for a blend.

    Returns the selected images; the first one if none is selected.

    Args:
        slot: key of the widget and in the address.
        label: of the widget.
        options: the samples.
        max_images: images that can be blended.
        own_title: title of an own image without a usable file name.
        blend_label: label of the toggle for blending; "" if several can always be selected.
    """
    _restore_own_images(slot, own_title, options)
    tile_area = st.container()
    blending.ask_blend(slot, blend_label, max_images)
    choices = _list_samples_by_title(slot, options)
    titles = list(choices)
    unknown_titles = _list_unknown_titles(slot, titles)
    with tile_area:
        selected = tiles.show(
            label,
            titles,
            [choice.thumbnail for choice in choices.values()],
            selection_mode="multi",
            default=titles[:1],
            key=slot,
            bind="query-params",
            on_change=blending.limit_selection,
            args=(slot,),
        )
        _store_in_address(slot, selected)
        page_errors.show_not_found("image", unknown_titles)
        _show_recent_row(slot, own_title)
        with st.container(horizontal=True):
            _show_upload_popover(slot, own_title, accept_several=True)
            if len(selected) == 1:
                _show_edit_popover(slot, choices[selected[0]])
        if not selected:
            st.caption(
                f":material/info: Choose 1 to {max_images} images. Until then, "
                f"{words.escape(titles[0])} is used."
            )
    blending.remember_selection(slot, selected)
    return [choices[title] for title in selected if title in choices][:max_images] or [choices[titles[0]]]


def store_image(data: bytes, name: str) -> File:
    """Stores an uploaded image.

    Raises:
        InvalidInput: if it is not an image; the message starts with its name.
    """
    file_checks.check_bytes("image", data, name)
    return File.store(data, "image", name)


def add_and_select(slot: str, file: File, own_title: str, title: str = "") -> str:
    """Adds a stored image to the options of a slot and selects it. Returns its title. For callbacks.

    It replaces the selected image; when blending, the oldest one beyond the limit.

    Args:
        slot: of the input.
        file: the image.
        own_title: title of an own image without a usable file name.
        title: of the sample that it is; "" for an own image.
    """
    own_files: dict[str, File] = st.session_state.setdefault(_own_key(slot), {})
    title = title or next(
        (title for title, own_file in own_files.items() if own_file.digest == file.digest), ""
    )
    if not title:
        used_titles = {*own_files, *st.session_state.get(_options_key(slot), ())}
        candidates = [own_title, *(f"{own_title} {n}" for n in range(2, len(used_titles) + 3))]
        title = next(candidate for candidate in candidates if candidate not in used_titles)
        own_files[title] = file
    st.session_state[_switch_key(slot)] = True
    selected = st.session_state.get(slot)
    if isinstance(selected, list):
        st.session_state[slot] = [*(other for other in selected if other != title), title]
    else:
        st.session_state[slot] = title
    blending.limit_selection(slot)
    return title


def title_of(name: str) -> str:
    """Returns the title of an own image: "My_cat.jpg" -> "My cat"; "" if it has no usable name."""
    title = " ".join(humanize_stem(name).split())
    with suppress(ValueError):
        return "" if math.isinf(float(title)) else title  # the address would read "inf" as a number
    return make_printable(title, _MAX_TITLE)


def turn_off(slot: str) -> None:
    """Turns an optional image input off. Call it from a callback."""
    st.session_state[_switch_key(slot)] = False


def selected_title(slot: str) -> str | None:
    """Returns the title of the selected optional image; None when it is off."""
    return st.session_state.get(slot) if st.session_state.get(_switch_key(slot)) else None


def _store_in_address(slot: str, titles: Sequence[str]) -> None:
    """Writes the selected own images into the address, so that a reload restores them."""
    own_files: dict[str, File] = st.session_state.get(_own_key(slot), {})
    digests = [own_files[title].digest for title in titles if title in own_files]
    if st.query_params.get_all(_files_key(slot)) != digests:
        st.query_params[_files_key(slot)] = digests


def _restore_own_images(slot: str, own_title: str, options: Sequence[Sample]) -> None:
    """Adds the own images that the address names to the options after a reload."""
    option_titles = st.session_state[_options_key(slot)] = [sample.title for sample in options]
    digests = st.query_params.get_all(_files_key(slot))
    if not digests or _own_key(slot) in st.session_state:
        return
    own_files: dict[str, File] = st.session_state.setdefault(_own_key(slot), {})
    # Keep the titles of the address: "Your photo 2" may be the only image left.
    titles = [make_printable(title, _MAX_TITLE) for title in _read_titles(slot) if title not in option_titles]
    names = {file.digest: file.name for file in own_images.list_recent()}
    for title, digest in zip(titles[:MAX_RESTORED], digests, strict=False):
        digest = owners.find_own_digest(digest)
        default_name = own_title.lower().replace(" ", "-") if title.startswith(own_title) else title
        file = File(digest, "image", names.get(digest, f"{default_name}.png"))
        with suppress(StudioError, OSError):  # deleted, another user's, or not an image
            image_io.read(file.read())
            own_files[title] = file


def _list_unknown_titles(slot: str, titles: Sequence[str]) -> list[str]:
    """Returns titles in the address that are no options. Call it before `tiles.show`, which removes them."""
    return [title for title in _read_titles(slot) if title not in titles]


def _read_titles(slot: str) -> list[str]:
    """Returns the titles of the selected images in the address."""
    return [words.unescape(title) for title in st.query_params.get_all(slot)]


def _own_key(slot: str) -> str:
    return keys.part(slot, "own")


def _options_key(slot: str) -> str:
    return keys.part(slot, "offered")


def _files_key(slot: str) -> str:
    return keys.part(slot, "file")


def _list_samples_by_title(slot: str, options: Sequence[Sample]) -> dict[str, Sample]:
    own_files = st.session_state.get(_own_key(slot), {})
    return {sample.title: sample for sample in options} | {
        title: samples.from_own_file(title, file) for title, file in own_files.items()
    }


def _show_upload_popover(slot: str, own_title: str, accept_several: bool) -> None:
    # Each upload is stored immediately; a new key then empties the widget and frees its memory.
    store = partial(_store_upload, slot, own_title)
    uploads.accept_dropped(slot, store, accept_multiple_files=accept_several)
    with uploads.show_popover(slot, "Add your own", ":material/add_photo_alternate:") as box:
        label = "An image from your device"
        uploads.ask(slot, label, store, type=FILE_TYPES, accept_multiple_files=accept_several)
        if st.toggle("Use the camera", key=keys.part(slot, "lens")):
            uploads.ask_photo(slot, "Take a photo", lambda data, _: store(data, own_title))
        if box.open and own_images.list_recent():
            help = "Empties the row of images used before; results made from them stay"
            key = keys.part(slot, "forget")
            st.button(
                "Forget the images used before",
                key=key,
                on_click=own_images.clear,
                icon=":material/delete:",
                type="tertiary",
                help=help,
            )


def _store_upload(slot: str, own_title: str, data: bytes, name: str) -> None:
    file = store_image(data, name)
    own_images.add(file)
    add_and_select(slot, file, title_of(file.name) or own_title)


def _show_edit_popover(slot: str, sample: Sample) -> None:
    """Draws the popover that crops and rotates the selected image, with its undo."""
    replace = partial(_add_edited, slot, sample.title)
    with image_edit.show_popover(slot, sample.get_file, replace) as box:
        if box.open and sample.title in _get_edits(slot):
            key = keys.part(slot, "undo_edit")
            st.button(
                "Undo",
                key=key,
                on_click=_undo_edit,
                args=(slot, sample.title),
                icon=":material/undo:",
                type="tertiary",
            )


def _get_edits(slot: str) -> dict[str, list[tuple[str, File | None]]]:
    """Returns the images that each edited one was, by its title: titles, and files that are no tiles now."""
    return st.session_state.setdefault(keys.part(slot, "edits"), {})


def _add_edited(slot: str, title: str, file: File) -> None:
    """Adds and selects an edited image, which replaces the tile of an earlier edit. A callback."""
    earlier, own_files = _get_edits(slot).pop(title, []), st.session_state.setdefault(_own_key(slot), {})
    first_title = earlier[0][0] if earlier else title
    # Another title than before: pages recognize another image by it.
    edited_title = add_and_select(slot, file, f"{first_title[: _MAX_TITLE - 12]} edited")
    replaced = own_files.pop(title) if earlier else None
    _get_edits(slot)[edited_title] = [*earlier, (title, replaced)]


def _undo_edit(slot: str, title: str) -> None:
    """Selects the image before the last edit. A callback."""
    *earlier, (previous_title, file) = _get_edits(slot).pop(title)
    own_files = st.session_state[_own_key(slot)]
    del own_files[title]
    if file is not None:
        own_files[previous_title], _get_edits(slot)[previous_title] = file, earlier
    st.session_state[slot] = [previous_title] if isinstance(st.session_state[slot], list) else previous_title


def _show_recent_row(slot: str, own_title: str) -> None:
    """Draws the last images of the user, on any page, that are not among the tiles already, as small tiles.

    They are buttons, not radios: the tiles show what is selected.
    """
    own_files: dict[str, File] = st.session_state.get(_own_key(slot), {})
    digests = {file.digest for file in own_files.values()}
    files = {file.digest: file for file in own_images.list_recent() if file.digest not in digests}
    if not files:
        return
    key = keys.part(slot, "recent")
    st.html(assets.render_style(__file__, "recent_row.css", key))
    tiles.show(
        "Used before",
        list(files),
        [samples.make_thumbnail(file) for file in files.values()],
        selection_mode="multi",
        format_func=lambda digest: f"Use {words.escape(title_of(files[digest].name) or own_title)} again",
        key=key,
        width=RECENT_WIDTH,
        on_change=_select_recent_image,
        args=(slot, own_title, key, files),
    )


def _select_recent_image(slot: str, own_title: str, key: str, files: Mapping[str, File]) -> None:
    digests, st.session_state[key] = st.session_state[key], []
    file = files.get(digests[-1]) if digests else None
    if file is not None:
        own_images.add(file)
        add_and_select(slot, file, title_of(file.name) or own_title)


def _switch_key(slot: str) -> str:
    return keys.part(slot, "on")
