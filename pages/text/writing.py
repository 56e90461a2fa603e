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
POLL_SECONDS = 0.1
ASKED_HERE = ("prompt", "preset", "count")
CURRENT = "written"  # of the session: the current text
ADDRESS = "written"  # query parameter: a reload generates the text again, with the same seed


@dataclass
class CurrentText:
    """The text that this tab generated last, or is generating.

    Attributes:
        settings: of the text.
        form: settings of the form at that time.
        stream: None until the engine is ready, or after a problem.
        problem: why there is no stream, as a sentence.
    """

    settings: WriteSettings
    form: WriteSettings | None
    stream: engine.Stream | None
    problem: str = ""


def ask(model_names: list[str]) -> WriteSettings | None:
    """Asks for the prompt, the language model and other settings; returns None after showing an error."""
    base = written_texts.base()
    prompt = st.text_area(
        "Prompt",
        placeholder="Type the start of a text, or leave this empty",
        max_chars=written_texts.MOST_PROMPT,
        height=100,
        key="prompt",
        bind="query-params",
        disabled=bool(base),
    )
    if base:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Continues the {len(base):,} characters of the text so far.")
            st.button("Start over", type="tertiary", icon=":material/first_page:", on_click=_begin_again)
    extra = {"prompt": base or prompt, "count": 1, "preset": language_models.choose(model_names)}
    settings = forms.form(WriteSettings, skip=ASKED_HERE, extra=extra)
    without_prompt = settings and settings.model_copy(update={"prompt": ""})
    saved_settings.saved_settings(TASK, without_prompt, _put)
    return settings


def _put(settings: WriteSettings) -> None:
    st.session_state["stop"] = settings.stop
    if settings.preset in language_models.names():
        st.session_state[language_models.KEY] = settings.preset


def put(settings: WriteSettings) -> None:
    """Fills the form with the settings of a text. Call it from a callback."""
    _put(settings)
    written_texts.continue_from("")
    st.session_state["prompt"] = settings.prompt


def show(form: WriteSettings | None, is_clicked: bool) -> written_texts.Text | None:
    """Draws the text of the address or of this tab, and starts another one on request.

    Args:
        form: settings of the form; a change starts another text.
        is_clicked: whether **Write** was clicked.

    Returns:
        The text, once it is complete or was stopped.
    """
    request: WriteSettings | None = st.session_state.pop(written_texts.REQUEST_KEY, None) or (
        form if is_clicked else None
    )
    job = jobs.find((TASK,), form)
    if job is not None:
        if request is None:
            return _show_job(job)
        jobs.close(TASK)
    current = _current()
    if current is None and request is None and ADDRESS in st.query_params:
        request = form
    if current is not None and request is None:
        if form is not None and current.form != form:
            request = form
        elif current.stream is None and not current.problem:  # The engine was not ready.
            request = current.settings
    if request is not None:
        current = st.session_state[CURRENT] = _begin(request, form)
    if current is None:
        prompt = form.prompt if form else ""
        marked_text("", before=prompt, hint="" if prompt else "Press Write to generate text here.")
        return None
    st.query_params[ADDRESS] = "true"
    if current.problem:
        st.error(words.plain(current.problem), icon=":material/error:")
        return None
    if current.stream is None:
        live.wait()
        return None
    if not current.stream.finished:
        _grow()
        return None
    return _show_written(current, current.stream)


def _current() -> CurrentText | None:
    """Returns the current text of this tab, unless the user came back to the page without it."""
    is_arrival = navigation.came_from_elsewhere() and not browser_history.is_back_or_forward()
    if ADDRESS not in st.query_params and not is_arrival:
        st.session_state.pop(CURRENT, None)
    return st.session_state.get(CURRENT)


def _begin(settings: WriteSettings, form: WriteSettings | None) -> CurrentText:
    if engine.connect().status() in ("starting", "warming up"):
        return CurrentText(settings, form, None)
    try:
        return CurrentText(
            settings, form, engine.connect().stream(TASK, settings, {}, live.session(), owner())
        )
    except StudioError as error:
        return CurrentText(settings, form, None, str(error))


@st.fragment(run_every=POLL_SECONDS)
def _grow() -> None:
    current: CurrentText = st.session_state[CURRENT]
    if current.stream is None or current.stream.finished:
        st.rerun()
    report = current.stream.report
    prompt = current.settings.prompt
    marked_text(report.text[len(prompt) :] if report and report.step else "", before=prompt, writing=True)
    with st.container(horizontal=True, vertical_alignment="center"):
        done, total = (report.step, report.total) if report and report.total else (0, current.settings.chars)
        st.progress(min(done / total, 1.0), f"{done:,} of {total:,} characters")
        st.button(
            "Stop",
            icon=":material/stop_circle:",
            help="Stops generating and keeps the text so far",
            disabled=current.stream.stopping,
            on_click=current.stream.stop,
        )


def _show_written(current: CurrentText, stream: engine.Stream) -> written_texts.Text | None:
    try:
        result = stream.result()
    except engine.Superseded:
        st.session_state[CURRENT] = None
        return None
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    text = written_texts.Text(
        current.settings, result.data, result.figures, result.recipe, result.stopped_early
    )
    written_texts.read(text)
    with st.container(horizontal=True):
        results.download(text.data, TASK, key="written", ending=".txt", recipe=text.recipe)
        live.keep_button(result, key="written")
        written_texts.show_actions(text)
    results.show_recipe(TASK, text.settings, {}, text.recipe)
    return text


def _show_job(job: engine.Job) -> written_texts.Text | None:
    settings = WriteSettings.parse(job.settings)
    if job.result is None:
        jobs.show_failure(job, settings)
        return None
    file, model = job.result.files[0], next(iter(job.inputs.get("model", ())), None)
    text = written_texts.Text(
        settings, file.read(), job.result.figures, job.result.recipe, job.result.stopped_early
    )
    written_texts.read(text)
    with st.container(horizontal=True):
        results.download_file(file, TASK, key=job.id, recipe=text.recipe)
        if model is None:
            written_texts.show_actions(text)
        elif st.button(
            "Make again",
            icon=":material/refresh:",
            help="Generate again with the same model and another seed",
        ):
            jobs.start(TASK, results.other_seeds(settings)[0], job.inputs, text.recipe)
        jobs.close_button(TASK)
    if model is not None:
        note = f"Generated by {words.plain(model.name)}, a model from a file that is not listed on this page."
        st.caption(f":material/info: {note}")
    results.show_recipe(TASK, settings, job.inputs, text.recipe)
    return text if model is None else None  # "Under the hood" needs a listed model.


def _begin_again() -> None:
    written_texts.continue_from("")
    st.query_params.pop(ADDRESS, None)
