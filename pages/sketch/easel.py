"""The canvas to draw on, with the resulting avatar next to it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.form import samples
from pages.form.drawing_canvas import SIDE, Canvas
from pages.jobs import live, results
from studio import engine
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.sketch.parts import COLORS, TONES
from studio.sketch.settings import Kind, SketchSettings, TranslateSettings

TASK, TRANSLATE = "sketch.paint", "sketch.translate"
_DRAWING = "drawing.png"  # file name
_KEY, _SAMPLE_NUMBER_KEY = "outline", "outline_taken"
_TONES = {"Bright": TONES[3], "Half-light": TONES[2], "Shade": TONES[1]}
CANVASES: dict[Kind, Canvas] = {
    "outline": Canvas("outline_lines", brush=7),
    "parts": Canvas("outline_parts", COLORS, brush=18),
    "light": Canvas("outline_light", {name: (tone,) * 3 for name, tone in _TONES.items()}, brush=28),
}
_EMPTY_HINTS = {
    "outline": "Nothing is drawn yet. Begin with the outline of a head, then add eyes and a mouth.",
    "parts": "Nothing is painted yet. Begin with the face, then add eyes, hair and a mouth.",
    "light": "The canvas is dark. Paint the light: a bright face first, then darker hair and clothes.",
}


@st.fragment
def show(settings: SketchSettings | TranslateSettings) -> None:
    """Draws the canvas and the result; a fragment, so a stroke redraws nothing else."""
    kind = settings.kind if isinstance(settings, SketchSettings) else "outline"
    canvas = CANVASES[kind]
    left, right = st.columns(2, gap="medium")
    with left:
        if canvas.is_new():
            _load_sample(kind)
        drawing = canvas.show("Draw a face")
        help = "Loads another sample face for you to draw on"
        st.button("A face", icon=":material/casino:", on_click=_load_sample, args=(kind,), help=help)
    with right:
        if not drawing.any():
            st.info(_EMPTY_HINTS[kind], icon=":material/draw:")
            return
        show_result(settings, File.store(image_io.encode_png(drawing), "image", _DRAWING))


def show_result(settings: SketchSettings | TranslateSettings, content: File) -> None:
    """Draws the network's output for a drawing or a photo, with its actions."""
    if engine.connect().status() != "ready":
        live.show_warm_up()
        return
    task = TASK if isinstance(settings, SketchSettings) else TRANSLATE
    result = live.make_result(task, settings, {"content": [content]}, _KEY)
    if result is None:
        return
    description = "Your drawing as an avatar" if task == TASK else "The output of your network"
    name = "Drawing" if content.name == _DRAWING else "Photo"
    results.show_comparison(
        content, result.data, key="avatar", name=name, result_name=description, is_split=False
    )
    live.show_actions(result, key=_KEY, saves_download=True)


def _load_sample(kind: Kind) -> None:
    """Loads the next sample drawing into the canvas."""
    st.session_state[_SAMPLE_NUMBER_KEY] = number = st.session_state.get(_SAMPLE_NUMBER_KEY, -1) + 1
    CANVASES[kind].set_drawing(read_sample(kind, number))


def read_sample(kind: Kind, number: int) -> np.ndarray:
    """Returns a sample drawing of a face, `(SIDE, SIDE, 3) uint8`."""
    sheet = image_io.read(samples.load_thumbnail(f"sketch-{kind}"))  # samples side by side
    return np.split(sheet, sheet.shape[1] // SIDE, axis=1)[number % (sheet.shape[1] // SIDE)]
