"""The stage of the page Faces: the grid, and the chosen face enlarged, with its actions."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.faces import sliders
from pages.faces.input_form import FACE, MORPH, MOVES, NEAR, TO
from pages.jobs import live, results, use_again
from pages.widgets import browser_images, image_grid, words
from studio import engine
from studio.core.tasks import File, Inputs
from studio.faces.settings import FacesSettings

TASK = "faces.draw"
STEPS = 7  # images of an interpolation from one face to another
_PICKED = "picked"


def with_changes(settings: FacesSettings) -> FacesSettings:
    """The settings with the changes of the chosen face, where there is one."""
    if not settings.face:
        return settings
    return settings.model_copy(update={"moves": sliders.changes(settings.preset, settings.moves)})


def show(settings: FacesSettings, inputs: Inputs) -> engine.Live | None:
    """Draws the stage.

    Args:
        settings: of the grid, with the face that is chosen of it.

    Returns:
        The grid, or None while there is none.
    """
    if engine.connect().status() != "ready":
        live.wait()
        return None
    study, path, place = st.container(), st.container(), st.container()
    if settings.face:
        with study:
            _study(settings, inputs)
            _ways_on(settings)
    with path:
        _path(settings)
    with place, st.container() if settings.face else st.spinner("Drawing ..."):
        made = grid_result(settings.model_copy(update={"face": 0, "to": 0}), inputs)
    if made is not None:
        with place:
            _grid(made, settings)
    return made


def _grid(made: engine.Live, settings: FacesSettings) -> None:
    if not settings.face:
        _warn(made)
    morphing = bool(settings.face and st.session_state.get(MORPH))
    if morphing:
        st.markdown("**Choose the face to morph into**")
    st.session_state[_PICKED] = (settings.to if morphing else settings.face) or None
    image_grid.grid(
        made.data, settings.n, "The faces, by number", key=_PICKED, on_change=_pick, args=(settings,)
    )
    if not settings.face:
        st.caption("Choose a face to enlarge and edit it.")
        _actions(made, key="grid")


def _pick(settings: FacesSettings) -> None:
    picked = st.session_state[_PICKED] or 0
    if settings.face and st.session_state.get(MORPH):
        st.session_state[TO] = picked
    else:
        st.session_state[FACE] = picked
        _begin(settings)


def grid_result(settings: FacesSettings, inputs: Inputs) -> engine.Live | None:
    """The result of these settings, from this tab's cache or computed now; None after showing an error."""
    return live.live_result(TASK, settings, inputs, "face" if settings.face else "grid")


@st.fragment
def _study(settings: FacesSettings, inputs: Inputs) -> None:
    """The chosen face large, or its way to another, and its sliders.

    A fragment, so that nothing else is drawn again when a slider is moved.
    """
    if settings.to:
        image = st.container()
        changes: DeltaGenerator = st.expander("Changes", icon=":material/tune:")
    else:
        image, changes = st.columns([3, 2], gap="medium")
    with changes:
        moves = sliders.sliders(settings.preset, settings.moves)
    with image:
        made = grid_result(
            settings.model_copy(update={"moves": moves, "n": STEPS if settings.to else 1}), inputs
        )
        if made is not None:
            way = f", morphing into face {settings.to}" if settings.to else ""
            drawn_from = inputs.get("photo") and settings.face == 1 and not settings.near
            name = "Your photo, as the model reconstructs it" if drawn_from else f"Face {settings.face}"
            caption = f"{name}{way}"
            browser_images.image(made.data, caption=caption)
            _warn(made)
            _actions(made, key="face")


def _warn(made: engine.Live) -> None:
    """Shows warnings about the photo."""
    for note in made.figures.get("notes", ()):
        st.warning(words.plain(note), icon=":material/face_retouching_off:")


def _ways_on(settings: FacesSettings) -> None:
    """Where to go from the chosen face."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "More like this",
            icon=":material/grid_view:",
            help="A grid of variations of this face",
            on_click=_more_like,
            args=(settings,),
        )
        help = "Interpolates to another face, which you choose on the grid below"
        st.toggle("Morph to ...", key=MORPH, help=help, on_change=_morph, persist_state="session")
        back: dict[str, Any] = {"help": "Back to the grid", "on_click": _close, "args": (settings,)}
        st.button("Close", icon=":material/close:", type="tertiary", **back)


def _actions(made: engine.Live, *, key: str) -> None:
    with st.container(horizontal=True):
        results.download(made.data, TASK, key=key, made=made.recipe)
        live.keep_button(made, key=key)
        use_again.menu(lambda: File.keep(made.data, "image", made.name), key=key)
    results.recipe(TASK, made.settings, made.inputs, made.recipe)


def _path(settings: FacesSettings) -> None:
    """Names the face of which these are variations, with a button back."""
    if not settings.near:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        way = ", then ".join(str(number) for number in settings.near)
        st.caption(f"Variations that are like face {way}; the first is that face itself.")
        back: dict[str, Any] = {"on_click": _back, "args": (settings,)}
        st.button("Previous grid", icon=":material/arrow_back:", type="tertiary", **back)


def _begin(settings: FacesSettings) -> None:
    """Another face begins with the changes that the grid has."""
    sliders.begin(settings.preset, settings.moves)
    st.session_state[TO] = 0
    st.session_state[MORPH] = False


def _morph() -> None:
    if not st.session_state[MORPH]:
        st.session_state[TO] = 0


def _close(settings: FacesSettings) -> None:
    st.session_state[FACE] = 0
    _begin(settings)


def _more_like(settings: FacesSettings) -> None:
    """The grid of its neighbors, all with the changes that this face has."""
    changed = with_changes(settings).moves
    st.session_state[NEAR] = ", ".join(map(str, (*settings.near, settings.face)))
    st.session_state[MOVES] = ", ".join(changed)
    _close(settings.model_copy(update={"moves": changed}))


def _back(settings: FacesSettings) -> None:
    st.session_state[NEAR] = ", ".join(map(str, settings.near[:-1]))
    kept = settings.moves if settings.near[1:] else ()
    st.session_state[MOVES] = ", ".join(kept)
    _close(settings.model_copy(update={"moves": kept}))
