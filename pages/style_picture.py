"""Style: a photo, or every frame of a film, in the look of one to four paintings."""

from functools import partial

import streamlit as st

from pages import parts
from pages.parts import gram_matrices, promises, reels
from studio.style.house import known
from studio.style.settings import TransferSettings

TASK = "style.transfer"
SLOTS = {"content": "Your photo", "style": "Your style"}
INSTANT = ("adain",)
LARGE = 1024  # px: from here on even an instant result is too slow to follow a slider
PREVIEW = 512
NOTE = {
    "instant": "Draft and fine are slower and truer to the style.",
    "draft": "Small instant preview: Start makes the draft",
    "fine": "Small instant preview: Start makes the fine one",
}


def weights(chosen):
    """A slider a style when there are several, all alike at first."""
    if len(chosen) < 2:
        return ()
    return tuple(
        st.slider(f"How much {style.title}", 0.0, 1.0, 1.0, 0.05, key=f"weight_{number}", bind="query-params")
        for number, style in enumerate(chosen, 1)
    )


def live(settings):
    """Whether the result itself follows the sliders, without a Start."""
    return settings.mode == "instant" and settings.size <= LARGE


def preview(settings):
    """What follows the sliders, and what to say of it: the result itself, or a small instant one instead."""
    if live(settings):
        return settings, said_of_film(settings) if film else NOTE["instant"]
    note = NOTE[settings.mode]
    if settings.mode == "instant":
        note = f"Small preview: above {LARGE} px it takes longer, so Start makes it at {settings.size} px"
    note += promises.takes(TASK, settings, {"content": [content.file()]}) + "."
    if film:
        note = said_of_film(settings)
    quick = settings.model_copy(update={"mode": "instant", "size": min(settings.size, PREVIEW)})
    return quick.model_copy(update={"house": in_house(quick, styles)}), note


def said_of_film(settings):
    """What is seen of a film before it is painted, and what Start will do."""
    takes = promises.takes(reels.TASK, *reels.painted(TASK, settings, content, inputs(settings)))
    return f"Its first frame. Start paints all {content.frames} frames{takes}."


def in_house(settings, chosen):
    """The names of the house styles that are chosen, if these settings can paint in them; else none."""
    names = tuple(style.painting for style in chosen)
    if settings.mode != "instant" or not all(names) or parts.taken("mask"):
        return ()
    return names if set(names) <= set(known.styles()) else ()


def masks():
    """Black and white pictures that say where each style goes."""
    parts.files("mask", "Masks, one a style", 4, "White is where the style goes; in the order of the styles.")


def inputs(settings):
    """The files of a run. A sample may have to be drawn first, so this is asked for only when needed."""
    drawn = [] if settings.house else [style.file() for style in styles]
    return {"content": [content.file()], "style": drawn, "mask": parts.taken("mask")}


left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Style", anchor=False)
    film = reels.wanted()
    content = reels.choose() if film else parts.picture("content", "Content", parts.photos())
    styles = parts.pictures("style", "Styles, one to four", parts.paintings(), most=4)
    extra = {"style_weights": weights(styles)}
    settings = parts.form(
        TransferSettings, skip=("style_weights", "house", "network"), extra=extra, more=masks
    )
    if settings:
        settings = settings.model_copy(update={"house": in_house(settings, styles)})
    wanted = bool(settings and (film or not live(settings))) and parts.start_button(":material/brush:")
with right:
    stage = st.container(key="stage")
with stage:
    if wanted and film:
        parts.start(reels.TASK, *reels.painted(TASK, settings, content, inputs(settings)))
    elif wanted:
        parts.start(TASK, settings, inputs(settings))
    asked = (settings, content.title, [style.title for style in styles], parts.taken("mask"))
    job = parts.show_job(TASK, SLOTS, asked, {reels.TASK: None})
parts.recent(TASK, reels.TASK)
gram_matrices.explain(job if job and job.task == TASK else None)
if job is None and settings is not None:  # last, so that all else is there while it is made
    shown, note = preview(settings)
    with stage:
        needs = () if shown.house else INSTANT
        parts.show_live(
            TASK, shown, partial(inputs, shown), SLOTS, before=content.file, needs=needs, note=note
        )
