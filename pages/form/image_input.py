"""Choosing images: samples as tiles, a user's own next to them.

The tiles are `st.pills`, so the keyboard, screen readers and the address work as everywhere else; a little
CSS puts each image above its name.
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
from studio.core.errors import StudioError, printable
from studio.core.imaging import formats, image_io
from studio.core.tasks import File, stem
from studio.run import file_checks, own_images

MOST_BROUGHT = 8
TILE = 4.4  # rem that a tile is wide at least
_MOST_TITLE = 40  # characters
TAKEN = [ending.removeprefix(".") for ending in formats.ENDINGS]


def image(slot: str, label: str, offered: Sequence[Sample], own: str = "Your photo") -> Sample:
    """Lets a user choose one image; the first is chosen already."""
    _bring_back(slot, own, offered)
    choices = _choices(slot, offered)
    titles = list(choices)
    missing = _not_found(slot, titles)
    chosen = pills(
        label,
        titles,
        [choice.thumbnail for choice in choices.values()],
        default=titles[0],
        required=True,
        key=slot,
        bind="query-params",
    )
    found = choices.get(chosen) or choices[titles[0]]
    _remember(slot, [found.title])
    page_errors.not_found("image", missing)
    if found.credit:
        st.caption(found.credit)
    _add(slot, own, many=False)
    return found


def optional(
    slot: str, label: str, offered: Sequence[Sample], help: str, own: str = "Your photo"
) -> Sample | None:
    """A switch that, when on, lets a user choose one image."""
    if not st.toggle(label, key=_switch(slot), bind="query-params", help=help):
        return None
    return image(slot, label, offered, own)


def images(
    slot: str,
    label: str,
    offered: Sequence[Sample],
    most: int,
    own: str = "Your style",
    blend: str = "",
) -> list[Sample]:
    """Lets a user choose one image, or with a toggle up to `most`; the first is chosen already.

    Args:
        blend: the label of that toggle; "" for none, where several can always be chosen.
    """
    _bring_back(slot, own, offered)
    tiles = st.container()
    blending.toggle(slot, blend, most)
    choices = _choices(slot, offered)
    titles = list(choices)
    missing = _not_found(slot, titles)
    with tiles:
        chosen = pills(
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
        _remember(slot, chosen)
        page_errors.not_found("image", missing)
        _add(slot, own, many=True)
        if not chosen:
            st.caption(
                f":material/info: Choose 1 to {most} images. Until then, {words.plain(titles[0])} is used."
            )
    blending.remember(slot, chosen)
    return [choices[title] for title in chosen if title in choices][:most] or [choices[titles[0]]]


def keep(data: bytes, name: str) -> File:
    """Keeps an upload that really is an image.

    Raises:
        InvalidInput: saying in one sentence what is wrong with it, by its name.
    """
    file_checks.check_bytes("image", data, name)
    return File.keep(data, "image", name)


def use(slot: str, file: File, own: str, title: str = "") -> None:
    """Puts a kept file among the choices of a slot and chooses it. Call it from a callback.

    It takes the place of what was chosen; where several are blended, that of the oldest of too many.

    Args:
        title: of the sample that it is; "" for a user's own.
    """
    _put(slot, file, own, title)
    blending.limit(slot)


def title_of(name: str) -> str:
    """What a user's file is called among the choices: "My_cat.jpg" -> "My cat"; "" if it has no name."""
    title = " ".join(stem(name).split())
    with suppress(ValueError):
        return "" if math.isinf(float(title)) else title  # an address takes that for a number without end
    return printable(title, _MOST_TITLE)


def leave_out(slot: str) -> None:
    """Chooses nothing for a slot that can be left out. Call it from a callback."""
    st.session_state[_switch(slot)] = False


def chosen(slot: str) -> str | None:
    """The title of the image that is chosen for a slot that can be left out; None for none."""
    return st.session_state.get(slot) if st.session_state.get(_switch(slot)) else None


def _put(slot: str, file: File, own: str, title: str = "") -> None:
    mine: dict[str, File] = st.session_state.setdefault(keys.part(slot, "own"), {})
    title = title or next((title for title, kept in mine.items() if kept.digest == file.digest), "")
    if not title:
        taken = {*mine, *st.session_state.get(_offered(slot), ())}
        title = next(t for t in (own, *(f"{own} {n}" for n in range(2, len(taken) + 3))) if t not in taken)
        mine[title] = file
    st.session_state[_switch(slot)] = True
    chosen = st.session_state.get(slot)
    if isinstance(chosen, list):
        st.session_state[slot] = [t for t in chosen if t != title] + [title]
    else:
        st.session_state[slot] = title


def _remember(slot: str, chosen: Sequence[str]) -> None:
    """Puts a user's own images that are chosen into the address, so that a reload still has them."""
    mine: dict[str, File] = st.session_state.get(keys.part(slot, "own"), {})
    digests = [mine[title].digest for title in chosen if title in mine]
    if st.query_params.get_all(_files(slot)) != digests:
        st.query_params[_files(slot)] = digests


def _bring_back(slot: str, own: str, offered: Sequence[Sample]) -> None:
    """Puts the images that the address names among the choices, where a reload has lost them."""
    known = st.session_state[_offered(slot)] = [sample.title for sample in offered]
    digests = st.query_params.get_all(_files(slot))
    if not digests or keys.part(slot, "own") in st.session_state:
        return
    mine: dict[str, File] = st.session_state.setdefault(keys.part(slot, "own"), {})
    # Under the titles that the address chooses, for "Your photo 2" may be all that is left.
    titles = [printable(title, _MOST_TITLE) for title in st.query_params.get_all(slot) if title not in known]
    names = {file.digest: file.name for file in own_images.last()}
    for title, digest in zip(titles[:MOST_BROUGHT], digests, strict=False):
        digest = owners.mine(digest)
        usual = own.lower().replace(" ", "-") if title.startswith(own) else title
        file = File(digest, "image", names.get(digest, f"{usual}.png"))
        with suppress(StudioError, OSError):  # removed since, somebody else's, or no image
            image_io.read(file.read())
            mine[title] = file


def _not_found(slot: str, titles: Sequence[str]) -> list[str]:
    """What the address chooses and is not there. Call it before the tiles, which correct it."""
    return [title for title in st.query_params.get_all(slot) if title not in titles]


def _offered(slot: str) -> str:
    return keys.part(slot, "offered")


def _files(slot: str) -> str:
    return keys.part(slot, "file")


def _choices(slot: str, offered: Sequence[Sample]) -> dict[str, Sample]:
    mine = st.session_state.get(keys.part(slot, "own"), {})
    return {sample.title: sample for sample in offered} | {
        title: samples.own(title, file) for title, file in mine.items()
    }


def _add(slot: str, own: str, many: bool) -> None:
    # Each upload moves into the studio's files at once; a new key empties the widget and frees its memory.
    take = partial(_take, slot, own)
    with uploads.popover(slot, "Add your own", ":material/add_photo_alternate:") as box:
        if box.open:
            _last(slot, own)
        label = "An image from your device"
        uploads.ask(slot, label, take, type=TAKEN, accept_multiple_files=many)
        if st.toggle("Use the camera", key=keys.part(slot, "lens")):
            uploads.snap(slot, "Take a photo", lambda data, name: take(data, own))


def _take(slot: str, own: str, data: bytes, name: str) -> None:
    file = keep(data, name)
    own_images.note(file)
    use(slot, file, title_of(file.name) or own)


def _last(slot: str, own: str) -> None:
    """Offers the images that this person brought before, whatever page they were for."""
    found = {file.digest: file for file in own_images.last()}
    if not found:
        return
    key = keys.part(slot, "before")
    pills(
        "Used before",
        list(found),
        [samples.small(file) for file in found.values()],
        format_func=lambda digest: words.plain(title_of(found[digest].name) or own),
        key=key,
        on_change=_take_again,
        args=(slot, own, key, found),
    )
    help = "Removes these images from this list; results made from them stay"
    clear: dict[str, Any] = {"icon": ":material/delete:", "type": "tertiary", "help": help}
    st.button("Clear", key=keys.part(key, "clear"), on_click=own_images.forget, **clear)


def _take_again(slot: str, own: str, key: str, found: Mapping[str, File]) -> None:
    file = found.get(st.session_state[key] or "")
    st.session_state[key] = None
    if file is not None:
        own_images.note(file)
        use(slot, file, title_of(file.name) or own)
        uploads.close(slot)


def _switch(slot: str) -> str:
    return keys.part(slot, "on")


def pills(
    label: str,
    options: Sequence[Any],
    thumbnails: Sequence[bytes],
    *,
    key: str,
    tile: float = TILE,
    **how: Any,
) -> Any:
    """`st.pills` with an image above each of the first choices.

    Args:
        thumbnails: WebP or PNG files; none leaves plain pills.
        tile: its width at least, in rem.
        how: what else `st.pills` takes; without a `format_func` options are shown as they are.
    """
    how = {"format_func": lambda option: words.plain(str(option)), **how}
    if thumbnails:  # first, since a browser draws what it has, and what is styled later moves under a click
        st.html(_style(key, thumbnails, tile))
    return st.pills(label, options, key=key, width="stretch", **how)


def _style(key: str, thumbnails: Sequence[bytes], tile: float) -> str:
    css = keys.css_class(key)
    rules = [
        f'.{css} [data-testid="stButtonGroup"] button:nth-of-type({number})::before '
        f'{{ content: ""; background-image: url({browser_images.address(data)}); }}'
        for number, data in enumerate(thumbnails, 1)
    ]
    style = assets.style(__file__, "tiles.css", key, tile=f"{tile}rem")
    return f"{style}<style>{''.join(rules)}</style>"
