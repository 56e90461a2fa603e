"""Text generation with a language model: settings on the left, streamed text on the right."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.form import forms, saved_settings
from pages.jobs import jobs, live, navigation, results, written_texts
from pages.text import language_models
from pages.widgets import browser_history, words
from pages.widgets.marked_text import marked_text
from pages.widgets.owners import owner
from studio import engine
from studio.core.errors import StudioError
from studio.text.settings import WriteSettings

TASK = "text.write"
LOOK_SECONDS = 0.1
ASKED_HERE = ("prompt", "preset", "count")
HELD = "written"
ADDRESS = "written"  # says that a text was asked for, so that a reload writes it again: the seed is the same


@dataclass
class CurrentText:
    """What this tab last wrote, or is writing.

    Attributes:
        settings: what it was asked for.
        form: what the form asked for then.
        stream: None until the engine is ready, or after a problem.
        problem: why there is none, as a sentence.
    """

    settings: WriteSettings
    form: WriteSettings | None
    stream: engine.Stream | None
    problem: str = ""


def ask(known: list[str]) -> WriteSettings | None:
    """Asks for the prompt, the language model and the other settings; None after showing an error."""
    base = written_texts.base()
    prompt = st.text_area(
        "Prompt",
        placeholder="Type the start of a text, or leave this empty",
        max_chars=written_texts.MOST_BEGUN,
        height=100,
        key="prompt",
        bind="query-params",
        disabled=bool(base),
    )
    if base:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Continues the {len(base):,} characters of the text so far.")
            st.button("Start over", type="tertiary", icon=":material/first_page:", on_click=_begin_again)
    extra = {"prompt": base or prompt, "count": 1, "preset": language_models.choose(known)}
    settings = forms.form(WriteSettings, skip=ASKED_HERE, extra=extra)
    own = settings and settings.model_copy(update={"prompt": ""})  # which is a text, not a way to write
    saved_settings.saved_settings(TASK, own, _put)
    return settings


def _put(settings: WriteSettings) -> None:
    st.session_state["stop"] = settings.stop
    if settings.preset in language_models.names():
        st.session_state[language_models.KEY] = settings.preset


def put(settings: WriteSettings) -> None:
    """Puts the settings of a text where the form finds them. Call it from a callback."""
    _put(settings)
    written_texts.write_on_from("")
    st.session_state["prompt"] = settings.prompt


def show(form: WriteSettings | None, pressed: bool) -> written_texts.Text | None:
    """Draws the text of the address or of this tab, and begins another when one is asked for.

    Args:
        form: what the form asks for; another text is begun once this changes.
        pressed: whether the button was pressed that writes.

    Returns:
        The text, once it is whole or was stopped.
    """
    wanted: WriteSettings | None = st.session_state.pop(written_texts.ASKED, None) or (
        form if pressed else None
    )
    kept = jobs.find((TASK,), form)
    if kept is not None:
        if wanted is None:
            return _show_kept(kept)
        jobs.close(TASK)
    held = _held()
    if held is None and wanted is None and ADDRESS in st.query_params:
        wanted = form
    if held is not None and wanted is None:
        if form is not None and held.form != form:
            wanted = form
        elif held.stream is None and not held.problem:  # the engine was not ready
            wanted = held.settings
    if wanted is not None:
        held = st.session_state[HELD] = _begin(wanted, form)
    if held is None:
        begun = form.prompt if form else ""
        marked_text("", before=begun, hint="" if begun else "Press Write to generate text here.")
        return None
    st.query_params[ADDRESS] = "true"
    if held.problem:
        st.error(words.plain(held.problem), icon=":material/error:")
        return None
    if held.stream is None:
        live.wait()
        return None
    if not held.stream.finished:
        _grow()
        return None
    return _show_written(held, held.stream)


def _held() -> CurrentText | None:
    """What this tab last wrote, unless a user went back to the page without it."""
    arrived = navigation.came_from_elsewhere() and not browser_history.is_back_or_forward()
    if ADDRESS not in st.query_params and not arrived:
        st.session_state.pop(HELD, None)
    return st.session_state.get(HELD)


def _begin(settings: WriteSettings, form: WriteSettings | None) -> CurrentText:
    if engine.connect().status() in ("starting", "warming up"):
        return CurrentText(settings, form, None)
    try:
        return CurrentText(
            settings, form, engine.connect().stream(TASK, settings, {}, live.session(), owner())
        )
    except StudioError as error:
        return CurrentText(settings, form, None, str(error))


@st.fragment(run_every=LOOK_SECONDS)
def _grow() -> None:
    held: CurrentText = st.session_state[HELD]
    if held.stream is None or held.stream.finished:
        st.rerun()
    report = held.stream.report
    begun = held.settings.prompt
    marked_text(report.text[len(begun) :] if report and report.step else "", before=begun, writing=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        done, total = (report.step, report.total) if report and report.total else (0, held.settings.chars)
        st.progress(min(done / total, 1.0), f"{done:,} of {total:,} characters")
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            help="Keeps the text so far",
            disabled=held.stream.stopping,
            on_click=held.stream.stop,
        )


def _show_written(held: CurrentText, stream: engine.Stream) -> written_texts.Text | None:
    try:
        made = stream.result()
    except engine.Superseded:
        st.session_state[HELD] = None
        return None
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    text = written_texts.Text(held.settings, made.data, made.figures, made.recipe, made.stopped_early)
    written_texts.read(text)
    with st.container(horizontal=True):
        results.download(text.data, TASK, key="written", ending=".txt", made=text.recipe)
        live.keep_button(made, key="written")
        written_texts.go_on(text)
    results.recipe(TASK, text.settings, {}, text.recipe)
    return text


def _show_kept(job: engine.Job) -> written_texts.Text | None:
    settings = WriteSettings.parse(job.settings)
    if job.result is None:
        jobs.failed(job, settings)
        return None
    file, model = job.result.files[0], next(iter(job.inputs.get("model", ())), None)
    text = written_texts.Text(
        settings, file.read(), job.result.figures, job.result.recipe, job.result.stopped_early
    )
    written_texts.read(text)
    with st.container(horizontal=True):
        results.download_file(file, TASK, key=job.id, made=text.recipe)
        if model is None:
            written_texts.go_on(text)
        elif st.button("Make again", icon=":material/refresh:", help="The same model, another seed"):
            jobs.start(TASK, results.other_seeds(settings)[0], job.inputs, text.recipe)
        jobs.close_button(TASK)
    if model is not None:
        told = f"Generated by {words.plain(model.name)}, a model from a file that is not listed on this page."
        st.caption(f":material/info: {told}")
    results.recipe(TASK, settings, job.inputs, text.recipe)
    return text if model is None else None  # of a language model alone the page can tell more


def _begin_again() -> None:
    written_texts.write_on_from("")
    st.query_params.pop(ADDRESS, None)
