"""The easel: on the left one draws, on the right is the avatar that comes of it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.form import samples
from pages.form.drawing_canvas import SIDE, Canvas
from pages.jobs import live, results, use_again
from pages.widgets import browser_images
from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.sketch.parts import COLORS, TONES
from studio.sketch.settings import Kind, SketchSettings, TranslateSettings

TASK, TRANSLATE = "sketch.paint", "sketch.translate"
_NAMES = {TASK: "avatar.png", TRANSLATE: "translated.png"}
_SHELF, _TAKEN = "outline", "outline_taken"
_TONES = {"Bright": TONES[3], "Half-light": TONES[2], "Shade": TONES[1]}
CANVASES: dict[Kind, Canvas] = {
    "outline": Canvas("outline_lines", brush=7),
    "parts": Canvas("outline_parts", COLORS, brush=18),
    "light": Canvas("outline_light", {name: (tone,) * 3 for name, tone in _TONES.items()}, brush=28),
}
_NOTHING = {
    "outline": "Nothing is drawn yet. Begin with the outline of a head, then add eyes and a mouth.",
    "parts": "Nothing is painted yet. Begin with the face, then add eyes, hair and a mouth.",
    "light": "The canvas is dark. Paint the light: a bright face first, then darker hair and clothes.",
}


@st.fragment
def show(settings: SketchSettings | TranslateSettings) -> None:
    """Draws the canvas and the answer; a stroke draws nothing else again."""
    kind = settings.kind if isinstance(settings, SketchSettings) else "outline"
    canvas = CANVASES[kind]
    left, right = st.columns(2, gap="medium")
    with left:
        if canvas.is_new():
            _take(kind)
        drawn = canvas.show("Draw a face")
        with st.container(horizontal=True):
            help = "Loads another sample face, to continue drawing"
            st.button("A face", icon=":material/casino:", on_click=_take, args=(kind,), help=help)
            st.button("Clear all", icon=":material/delete:", on_click=_clear, args=(kind,))
    with right:
        if not drawn.any():
            st.info(_NOTHING[kind], icon=":material/draw:")
            return
        answer(settings, File.keep(image_io.encode_png(drawn), "image", "drawing.png"))


def answer(settings: SketchSettings | TranslateSettings, content: File) -> None:
    """Draws what the network makes of a drawing or a photo, and what can be done with it."""
    if engine.connect().status() != "ready":
        live.wait()
        return
    task = TASK if isinstance(settings, SketchSettings) else TRANSLATE
    made = live.live_result(task, settings, {"content": [content]}, _SHELF)
    if made is None:
        return

    def keep() -> None:
        live.keep(made)

    what = "Your drawing as an avatar" if task == TASK else "The output of your network"
    browser_images.image(made.data, alt=what)
    with st.container(horizontal=True):
        live.keep_button(made, key=_SHELF)
        results.download(made.data, task, key=_SHELF, made=made.recipe, on_click=keep)
        use_again.menu(lambda: File.keep(made.data, "image", _NAMES[task]), key=_SHELF)
    results.recipe(task, settings, made.inputs, made.recipe)


def _take(kind: Kind) -> None:
    """Puts the drawing of another face on the canvas, as a careful person would draw it."""
    st.session_state[_TAKEN] = taken = st.session_state.get(_TAKEN, -1) + 1
    CANVASES[kind].put(sample(kind, taken))


def sample(kind: Kind, number: int) -> np.ndarray:
    """The drawing of a face to begin with, `(SIDE, SIDE, 3) uint8`."""
    sheet = image_io.read(samples.shipped(f"sketch-{kind}"))  # one next to the other
    return np.split(sheet, sheet.shape[1] // SIDE, axis=1)[number % (sheet.shape[1] // SIDE)]


def _clear(kind: Kind) -> None:
    CANVASES[kind].put(np.zeros((SIDE, SIDE, 3), "uint8"))
