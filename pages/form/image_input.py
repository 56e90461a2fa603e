"""Image inputs: samples and the user's own images as tiles.

The tiles are `st.pills`, which work with the keyboard, screen readers and the address; CSS puts each image
above its title.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from pages.form import blending, samples, uploads
from pages.form.samples import Sample
from pages.widgets import assets, browser_images, keys, owners, page_errors, words
from studio.core.errors import StudioError, make_printable
from studio.core.imaging import formats, image_io
from studio.core.tasks import File, humanize_stem
from studio.run import file_checks, own_images

MOST_OWN = 8
TILE = 4.4  # minimum width of a tile, in rem
_LONGEST_TITLE = 40  # characters
TYPES = [ending.removeprefix(".") for ending in formats.ENDINGS]


def image(slot: str, label: str, options: Sequence[Sample], own_title: str = "Your photo") -> Sample:
    """Lets the user select one image; the first is preselected.

    Args:
        slot: key of the widget and in the address.
        label: of the widget.
        options: the samples.
        own_title: title of an own image without a usable file name.
    """
    _restore(slot, own_title, options)
    choices = _choices(slot, options)
    titles = list(choices)
    missing = _missing(slot, titles)
    selected = pills(
        label,
        titles,
        [choice.thumbnail for choice in choices.values()],
        default=titles[0],
        required=True,
        key=slot,
        bind="query-params",
    )
    sample = choices.get(selected) or choices[titles[0]]
    _remember(slot, [sample.title])
    page_errors.not_found("image", missing)
    if sample.credit:
        st.caption(sample.credit)
    _add(slot, own_title, many=False)
    return sample


def optional(
    slot: str, label: str, options: Sequence[Sample], help: str, own_title: str = "Your photo"
) -> Sample | None:
    """Draws a switch that, when on, lets the user select one image. Returns None when off."""
    if not st.toggle(label, key=_switch_key(slot), bind="query-params", help=help):
        return None
    return image(slot, label, options, own_title)


def images(
    slot: str,
    label: str,
    options: Sequence[Sample],
    most: int,
    own_title: str = "Your style",
    blend: str = "",
) -> list[Sample]:
    """Lets the user select one image, or up to `most` for a blend; the first is preselected.

    Args:
        slot: key of the widget and in the address.
        label: of the widget.
        options: the samples.
        most: images that can be blended.
        own_title: title of an own image without a usable file name.
        blend: label of the toggle for blending; "" if several can always be selected.
    """
    _restore(slot, own_title, options)
    tiles = st.container()
    blending.toggle(slot, blend, most)
    choices = _choices(slot, options)
    titles = list(choices)
    missing = _missing(slot, titles)
    with tiles:
        selected = pills(
            label,
            titles,
            [choice.thumbnail for choice in choices.values()],
            selection_mode="multi",
            default=titles[:1],
            key=slot,
            bind="query-params",
            on_change=blending.limit,
            args=(slot,),
        )
        _remember(slot, selected)
        page_errors.not_found("image", missing)
        _add(slot, own_title, many=True)
        if not selected:
            st.caption(
                f":material/info: Choose 1 to {most} images. Until then, {words.plain(titles[0])} is used."
            )
    blending.remember(slot, selected)
    return [choices[title] for title in selected if title in choices][:most] or [choices[titles[0]]]


def keep(data: bytes, name: str) -> File:
    """Stores an uploaded image.

    Raises:
        InvalidInput: if it is not an image; the message starts with its name.
    """
    file_checks.check_bytes("image", data, name)
    return File.keep(data, "image", name)


def use(slot: str, file: File, own_title: str, title: str = "") -> None:
    """Adds a stored image to the options of a slot and selects it. Call it from a callback.

    It replaces the selected image; when blending, the oldest one beyond the limit.

    Args:
        slot: of the input.
        file: the image.
        own_title: title of an own image without a usable file name.
        title: of the sample that it is; "" for an own image.
    """
    _put(slot, file, own_title, title)
    blending.limit(slot)


def title_of(name: str) -> str:
    """Returns the title of an own image: "My_cat.jpg" -> "My cat"; "" if it has no usable name."""
    title = " ".join(humanize_stem(name).split())
    with suppress(ValueError):
        return "" if math.isinf(float(title)) else title  # the address would read "inf" as a number
    return make_printable(title, _LONGEST_TITLE)


def deselect(slot: str) -> None:
    """Turns an optional image off. Call it from a callback."""
    st.session_state[_switch_key(slot)] = False


def selected_title(slot: str) -> str | None:
    """Returns the title of the selected optional image; None when it is off."""
    return st.session_state.get(slot) if st.session_state.get(_switch_key(slot)) else None


def _put(slot: str, file: File, own_title: str, title: str = "") -> None:
    own_files: dict[str, File] = st.session_state.setdefault(keys.part(slot, "own"), {})
    title = title or next(
        (title for title, own_file in own_files.items() if own_file.digest == file.digest), ""
    )
    if not title:
        titles_in_use = {*own_files, *st.session_state.get(_options_key(slot), ())}
        title = next(
            t
            for t in (own_title, *(f"{own_title} {n}" for n in range(2, len(titles_in_use) + 3)))
            if t not in titles_in_use
        )
        own_files[title] = file
    st.session_state[_switch_key(slot)] = True
    selected = st.session_state.get(slot)
    if isinstance(selected, list):
        st.session_state[slot] = [t for t in selected if t != title] + [title]
    else:
        st.session_state[slot] = title


def _remember(slot: str, titles: Sequence[str]) -> None:
    """Writes the selected own images into the address, so that a reload restores them."""
    own_files: dict[str, File] = st.session_state.get(keys.part(slot, "own"), {})
    digests = [own_files[title].digest for title in titles if title in own_files]
    if st.query_params.get_all(_files_key(slot)) != digests:
        st.query_params[_files_key(slot)] = digests


def _restore(slot: str, own_title: str, options: Sequence[Sample]) -> None:
    """Adds the own images that the address names to the options after a reload."""
    option_titles = st.session_state[_options_key(slot)] = [sample.title for sample in options]
    digests = st.query_params.get_all(_files_key(slot))
    if not digests or keys.part(slot, "own") in st.session_state:
        return
    own_files: dict[str, File] = st.session_state.setdefault(keys.part(slot, "own"), {})
    # Keep the titles of the address: "Your photo 2" may be the only image left.
    titles = [
        make_printable(title, _LONGEST_TITLE)
        for title in st.query_params.get_all(slot)
        if title not in option_titles
    ]
    names = {file.digest: file.name for file in own_images.list_recent()}
    for title, digest in zip(titles[:MOST_OWN], digests, strict=False):
        digest = owners.own_digest(digest)
        default_name = own_title.lower().replace(" ", "-") if title.startswith(own_title) else title
        file = File(digest, "image", names.get(digest, f"{default_name}.png"))
        with suppress(StudioError, OSError):  # deleted, another user's, or not an image
            image_io.read(file.read())
            own_files[title] = file


def _missing(slot: str, titles: Sequence[str]) -> list[str]:
    """Returns titles in the address that are no options. Call it before the tiles, which correct it."""
    return [title for title in st.query_params.get_all(slot) if title not in titles]


def _options_key(slot: str) -> str:
    return keys.part(slot, "offered")


def _files_key(slot: str) -> str:
    return keys.part(slot, "file")


def _choices(slot: str, options: Sequence[Sample]) -> dict[str, Sample]:
    own_files = st.session_state.get(keys.part(slot, "own"), {})
    return {sample.title: sample for sample in options} | {
        title: samples.own(title, file) for title, file in own_files.items()
    }


def _add(slot: str, own_title: str, many: bool) -> None:
    # Each upload is stored immediately; a new key then empties the widget and frees its memory.
    take = partial(_take, slot, own_title)
    with uploads.popover(slot, "Add your own", ":material/add_photo_alternate:") as box:
        if box.open:
            _offer_recent(slot, own_title)
        label = "An image from your device"
        uploads.ask(slot, label, take, type=TYPES, accept_multiple_files=many)
        if st.toggle("Use the camera", key=keys.part(slot, "lens")):
            uploads.take_photo(slot, "Take a photo", lambda data, name: take(data, own_title))


def _take(slot: str, own_title: str, data: bytes, name: str) -> None:
    file = keep(data, name)
    own_images.add(file)
    use(slot, file, title_of(file.name) or own_title)


def _offer_recent(slot: str, own_title: str) -> None:
    """Offers the images that the user has uploaded before, on any page."""
    files = {file.digest: file for file in own_images.list_recent()}
    if not files:
        return
    key = keys.part(slot, "before")
    pills(
        "Used before",
        list(files),
        [samples.thumbnail_of(file) for file in files.values()],
        format_func=lambda digest: words.plain(title_of(files[digest].name) or own_title),
        key=key,
        on_change=_reuse,
        args=(slot, own_title, key, files),
    )
    help = "Removes these images from this list; results made from them stay"
    clear: dict[str, Any] = {"icon": ":material/delete:", "type": "tertiary", "help": help}
    st.button("Clear", key=keys.part(key, "clear"), on_click=own_images.clear, **clear)


def _reuse(slot: str, own_title: str, key: str, files: Mapping[str, File]) -> None:
    file = files.get(st.session_state[key] or "")
    st.session_state[key] = None
    if file is not None:
        own_images.add(file)
        use(slot, file, title_of(file.name) or own_title)
        uploads.close(slot)


def _switch_key(slot: str) -> str:
    return keys.part(slot, "on")


def pills(
    label: str,
    options: Sequence[Any],
    thumbnails: Sequence[bytes],
    *,
    key: str,
    tile: float = TILE,
    **widget_options: Any,
) -> Any:
    """Draws `st.pills` with an image above each of the first options. Returns the selection.

    Args:
        label: of the widget.
        options: to select from.
        thumbnails: WebP or PNG files for the first options; empty for plain pills.
        key: of the widget.
        tile: minimum width of a tile, in rem.
        widget_options: what else `st.pills` takes; without a `format_func` options are shown as they are.
    """
    widget_options = {"format_func": lambda option: words.plain(str(option)), **widget_options}
    if thumbnails:  # before the pills: styled later, they would move while the user clicks
        st.html(_style(key, thumbnails, tile))
    return st.pills(label, options, key=key, width="stretch", **widget_options)


def _style(key: str, thumbnails: Sequence[bytes], tile: float) -> str:
    css = keys.css_class(key)
    rules = [
        f'.{css} [data-testid="stButtonGroup"] button:nth-of-type({number})::before '
        f'{{ content: ""; background-image: url({browser_images.address(data)}); }}'
        for number, data in enumerate(thumbnails, 1)
    ]
    style = assets.style(__file__, "tiles.css", key, tile=f"{tile}rem")
    return f"{style}<style>{''.join(rules)}</style>"
