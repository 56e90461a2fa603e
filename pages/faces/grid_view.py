"""The results of the faces page: the grid, and the chosen face enlarged, with its actions."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.faces import models, sliders
from pages.faces.input_form import FACE_KEY, MORPH_KEY, MOVES_KEY, NEAR_KEY, TO_KEY
from pages.jobs import live, results
from pages.widgets import assets, image_grid, weight_downloads, words
from pages.widgets.image_viewer import Neighbors
from studio import engine
from studio.core.tasks import File, Inputs
from studio.faces.settings import FacesSettings

TASK = "faces.draw"
INTERPOLATION_IMAGES = 7  # images of an interpolation from one face to another
MIN_VARIETY = 0.05  # truncation; below it, all images look the same
_INVERSION = "Looking for the latent vector of your photo (GAN inversion) ..."
_SELECTED_KEY, _OTHER_FACE_KEY = "picked", "other_face"


def with_changes(settings: FacesSettings) -> FacesSettings:
    """Returns the settings with the slider values of the chosen face, if there is one."""
    if not settings.face:
        return settings
    return settings.model_copy(update={"moves": sliders.read_changes(settings.preset, settings.moves)})


def show(settings: FacesSettings, inputs: Inputs) -> engine.Live | None:
    """Draws the chosen face, if any, and the grid.

    Args:
        settings: of the grid, with the number of the chosen face.
        inputs: the photo, if any.

    Returns:
        The grid, or None while there is none.
    """
    if engine.connect().status() != "ready":
        live.show_warm_up()
        return None
    encoder_weights = models.list_encoder_weights(settings.preset) if inputs.get("photo") else ()
    if missing := weight_downloads.list_missing(encoder_weights):
        st.info(
            f"Your photo needs {weight_downloads.describe_sizes(missing)}: they measure how alike two images "
            "are, while the studio looks for the latent vector.",
            icon=":material/download:",
        )
        weight_downloads.offer_download(missing)
        return None
    face_area, path_area, grid_area = st.container(), st.container(), st.container()
    if settings.face:
        with face_area:
            if encoder_weights:  # before the fragment, whose sliders should not show a progress bar
                compute_result(settings.model_copy(update={"n": 1, "to": 0}), inputs, _INVERSION)
            _draw_face(settings, inputs)
            _draw_face_buttons(settings)
    with path_area:
        _draw_breadcrumbs(settings)
    with grid_area, st.container() if settings.face else st.spinner("Drawing ..."):
        grid = compute_result(settings.model_copy(update={"face": 0, "to": 0}), inputs)
    if grid is not None:
        with grid_area:
            _draw_grid(grid, settings)
    return grid


def _draw_grid(grid: engine.Live, settings: FacesSettings) -> None:
    if not settings.face:
        _show_warnings(grid)
    is_morphing = bool(settings.face and st.session_state.get(MORPH_KEY))
    if is_morphing:
        st.markdown("**Choose the image to morph into**")
    st.session_state[_SELECTED_KEY] = (settings.to if is_morphing else settings.face) or None
    image_grid.show_grid(
        grid.data,
        settings.n,
        "The images, by number",
        key=_SELECTED_KEY,
        columns=grid.figures.get("columns"),
        on_change=_select_face,
        args=(settings,),
    )
    if settings.truncation < MIN_VARIETY:
        st.caption(
            ":material/info: At a truncation near 0 all images are the average one. Raise it for variety."
        )
    if not settings.face:
        can_edit = bool(sliders.load_directions(settings.preset))
        st.caption(f"Choose an image to enlarge{' and edit' if can_edit else ''} it.")
        live.show_actions(grid, key="grid")


def _select_face(settings: FacesSettings) -> None:
    number = st.session_state[_SELECTED_KEY] or 0
    if settings.face and st.session_state.get(MORPH_KEY):
        st.session_state[TO_KEY] = number
    else:
        st.session_state[FACE_KEY] = number
        _reset_changes(settings)


def compute_result(settings: FacesSettings, inputs: Inputs, label: str = "") -> engine.Live | None:
    """Returns the result of settings, cached in this tab or computed now; None after showing an error.

    Args:
        label: of a progress bar; "" for none.
    """
    return live.make_result(TASK, settings, inputs, "face" if settings.face else "grid", label=label)


@st.fragment
def _draw_face(settings: FacesSettings, inputs: Inputs) -> None:
    """Draws the chosen face, or its interpolation to another one, and its sliders.

    A fragment, so moving a slider redraws nothing else. On a phone, the sliders follow the image, which stays
    in sight.
    """
    if st.session_state.pop(_OTHER_FACE_KEY, False):
        st.rerun()  # An arrow of the lightbox chose another face, but reran only this fragment.
    if settings.to:
        image_area = st.container()
        slider_area: DeltaGenerator = st.expander("Changes", icon=":material/tune:")
    else:
        st.html(assets.render_style(__file__, "face_editor.css"))
        with st.container(key="face_editor"):
            image_area, slider_area = st.columns([3, 2], gap="medium")
    with slider_area:
        moves = sliders.draw_sliders(settings.preset, settings.moves)
    with image_area:
        result = compute_result(
            settings.model_copy(update={"moves": moves, "n": INTERPOLATION_IMAGES if settings.to else 1}),
            inputs,
        )
        if result is not None:
            suffix = f", morphing into image {settings.to}" if settings.to else ""
            is_photo = inputs.get("photo") and settings.face == 1 and not settings.near
            name = "Your photo, as the model reconstructs it" if is_photo else f"Image {settings.face}"
            results.show_comparison(
                _find_unchanged_face(settings, inputs)
                if moves != settings.moves and not settings.to
                else None,
                result.data,
                key="large_face",
                caption=f"{name}{suffix}",
                name="Before the changes",
                result_name=name,
                is_split=False,
                neighbors=None if settings.to else _list_neighbors(settings),
            )
            _show_warnings(result)
    if result is not None:
        live.show_actions(result, key="face")


def _find_unchanged_face(settings: FacesSettings, inputs: Inputs) -> File | None:
    """Returns the chosen face without the changes of the sliders; None after showing an error."""
    result = compute_result(settings.model_copy(update={"n": 1}), inputs)
    return File.store(result.data, "image", result.name) if result else None


def _list_neighbors(settings: FacesSettings) -> Neighbors:
    """Returns the faces before and after the chosen one in the grid."""

    def open_face(number: str) -> None:
        st.session_state[FACE_KEY], st.session_state[_OTHER_FACE_KEY] = int(number), True
        _reset_changes(settings)

    return Neighbors.of(str(settings.face), [str(n) for n in range(1, settings.n + 1)], open_face)


def _show_warnings(result: engine.Live) -> None:
    """Shows warnings about the photo."""
    for note in result.figures.get("notes", ()):
        st.warning(words.escape(note), icon=":material/face_retouching_off:")


def _draw_face_buttons(settings: FacesSettings) -> None:
    """Draws the buttons for variations, morphing and closing the chosen face."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "More like this",
            icon=":material/grid_view:",
            help="Generates a grid of variations of this image",
            on_click=_open_variations,
            args=(settings,),
        )
        help = "Interpolates to another image, which you choose in the grid below"
        st.toggle(
            "Morph to ...", key=MORPH_KEY, help=help, on_change=_clear_morph_target, persist_state="session"
        )
        st.button(
            "Close",
            icon=":material/close:",
            type="tertiary",
            help="Back to the grid",
            on_click=_close_face,
            args=(settings,),
        )


def _draw_breadcrumbs(settings: FacesSettings) -> None:
    """Shows which face the grid varies, with a button back to the previous grid."""
    if not settings.near:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        numbers = ", then ".join(str(number) for number in settings.near)
        st.caption(f"Variations that are like image {numbers}; the first is that image itself.")
        st.button(
            "Previous grid",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=_open_previous_grid,
            args=(settings,),
        )


def _reset_changes(settings: FacesSettings) -> None:
    """Resets the sliders to the changes of the grid, and ends morphing."""
    sliders.reset_sliders(settings.preset, settings.moves)
    st.session_state[TO_KEY] = 0
    st.session_state[MORPH_KEY] = False


def _clear_morph_target() -> None:
    """Clears the face to morph into if morphing is off. A callback."""
    if not st.session_state[MORPH_KEY]:
        st.session_state[TO_KEY] = 0


def _close_face(settings: FacesSettings) -> None:
    st.session_state[FACE_KEY] = 0
    _reset_changes(settings)


def _open_variations(settings: FacesSettings) -> None:
    """Opens a grid of variations of the chosen face, with its slider values."""
    moves = with_changes(settings).moves
    st.session_state[NEAR_KEY] = ", ".join(map(str, (*settings.near, settings.face)))
    st.session_state[MOVES_KEY] = ", ".join(moves)
    _close_face(settings.model_copy(update={"moves": moves}))


def _open_previous_grid(settings: FacesSettings) -> None:
    st.session_state[NEAR_KEY] = ", ".join(map(str, settings.near[:-1]))
    moves = settings.moves if settings.near[1:] else ()
    st.session_state[MOVES_KEY] = ", ".join(moves)
    _close_face(settings.model_copy(update={"moves": moves}))
