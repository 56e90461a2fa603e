"""Text generation with a language model: settings on the left, streamed text on the right."""

from __future__ import annotations

import streamlit as st

from pages.form import forms, saved_settings
from pages.jobs import jobs, live, navigation, results, streams, text_view
from pages.text import language_models
from pages.widgets import browser_history, words
from pages.widgets.marked_text import show_marked_text
from studio import engine
from studio.text.settings import WriteSettings

TASK = "text.write"
POLL_SECONDS = 0.1
SETTINGS_OUTSIDE_FORM = ("prompt", "preset", "count")
CURRENT_KEY = "written"  # of the session: the stream of the current text; none until the engine is ready
_FORM_KEY = "written_form"  # of the session: the settings of the form when that text was requested
PARAMETER = "written"  # query parameter: a reload generates a short text again, with the same seed
MAX_REPEATED_CHARS = 2000  # characters: a reload or a link starts nothing longer, which would take minutes


def ask(model_names: list[str]) -> WriteSettings | None:
    """Asks for the prompt, the language model and other settings; returns None after showing an error."""
    base = text_view.restore_base()
    prompt = st.text_area(
        "Prompt",
        placeholder="Type the start of a text, or leave this empty",
        max_chars=text_view.MAX_PROMPT,
        height=100,
        key="prompt",
        bind="query-params",
        disabled=bool(base),
    )
    if base:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Continues the {len(base):,} characters of the text so far.")
            st.button("Start over", type="tertiary", icon=":material/first_page:", on_click=_start_over)
    extra = {"prompt": base or prompt, "count": 1, "preset": language_models.choose(model_names)}
    settings = forms.ask_settings(WriteSettings, skip=SETTINGS_OUTSIDE_FORM, extra=extra)
    without_prompt = settings and settings.model_copy(update={"prompt": ""})
    saved_settings.show_saved_settings(TASK, without_prompt, _fill_page)
    return settings


def _fill_page(settings: WriteSettings) -> None:
    st.session_state["stop"] = settings.stop
    if settings.preset in language_models.list_names():
        st.session_state[language_models.KEY] = settings.preset


def fill_form(settings: WriteSettings) -> None:
    """Fills the form with the settings of a text. Call it from a callback."""
    _fill_page(settings)
    text_view.set_base("")
    st.session_state["prompt"] = settings.prompt


def show(form_settings: WriteSettings | None, is_write_clicked: bool) -> text_view.Text | None:
    """Draws the text of the address or of this tab, and starts another one on request.

    Args:
        form_settings: settings of the form; a change starts another text.
        is_write_clicked: whether **Write** was clicked.

    Returns:
        The text, once it is complete or was stopped.
    """
    request: WriteSettings | None = st.session_state.pop(text_view.REQUEST_KEY, None) or (
        form_settings if is_write_clicked else None
    )
    job = jobs.find_job((TASK,), form_settings)
    if job is not None:
        if request is None:
            return _show_job(job)
        jobs.close(TASK)
    current = _restore_current_text()
    if current is None and request is None and PARAMETER in st.query_params and form_settings is not None:
        if form_settings.chars <= MAX_REPEATED_CHARS:
            request = form_settings
        else:
            st.info(
                f"This text has up to {form_settings.chars:,} characters and was not saved. "
                "Press Write to generate it.",
                icon=":material/info:",
            )
    if current is not None and request is None:
        if form_settings is not None and st.session_state[_FORM_KEY] != form_settings:
            request = form_settings
        elif current.stream is None and not current.problem:  # The engine was not ready.
            request = _settings_of(current)
    if request is not None:
        current = st.session_state[CURRENT_KEY] = _start_stream(request)
        st.session_state[_FORM_KEY] = form_settings
    if current is None:
        prompt = form_settings.prompt if form_settings else ""
        show_marked_text("", before=prompt, hint="" if prompt else "Press Write to generate text here.")
        return None
    st.query_params[PARAMETER] = "true"
    if current.problem:
        st.error(words.escape(current.problem), icon=":material/error:")
        return None
    if current.stream is None:
        live.show_warm_up()
        return None
    if not current.stream.finished:
        _show_growing_text()
        return None
    return _show_finished(_settings_of(current))


def _restore_current_text() -> streams.SessionStream | None:
    """Returns the current text of this tab, unless the user came back to the page without it."""
    is_arrival = navigation.came_from_elsewhere() and not browser_history.is_back_or_forward()
    if PARAMETER not in st.query_params and not is_arrival:
        st.session_state.pop(CURRENT_KEY, None)
    return st.session_state.get(CURRENT_KEY)


def _start_stream(settings: WriteSettings) -> streams.SessionStream:
    if engine.connect().status() in ("starting", "warming up"):
        return streams.SessionStream(settings, {}, None)
    return streams.start(TASK, settings, {})


def _settings_of(current: streams.SessionStream) -> WriteSettings:
    assert isinstance(current.settings, WriteSettings)
    return current.settings


@st.fragment(run_every=POLL_SECONDS)
def _show_growing_text() -> None:
    current: streams.SessionStream = st.session_state[CURRENT_KEY]
    settings = _settings_of(current)
    if current.stream is None or current.stream.finished:
        st.rerun()
    report = current.stream.report
    prompt = settings.prompt
    with st.container(key="growing_text"):  # on a phone, the style sheet lets the page scroll to its top
        show_marked_text(
            report.text[len(prompt) :] if report and report.step else "", before=prompt, is_growing=True
        )
        streams.show_progress(
            current.stream, settings.chars, key=CURRENT_KEY, label="{:,} of {:,} characters"
        )


def _show_finished(settings: WriteSettings) -> text_view.Text | None:
    result = streams.get_result(CURRENT_KEY)
    if result is None:
        return None
    if result.data and (result.stopped_early or settings.chars > MAX_REPEATED_CHARS):
        # Settings alone would not bring back a stopped text, and a long one only after minutes.
        job = live.save(result)
        if job is not None:
            st.session_state[CURRENT_KEY] = None
            st.query_params.pop(PARAMETER, None)
            jobs.open_job(job)
            st.rerun()
    text = text_view.Text(settings, result.data, result.figures, result.recipe, result.stopped_early)
    text_view.show(text)
    live.show_actions(result, key="written", show_buttons=lambda: text_view.show_actions(text))
    return text


def _show_job(job: engine.Job) -> text_view.Text | None:
    settings = WriteSettings.parse(job.settings)
    if job.result is None:
        jobs.show_failure(job, settings)
        return None
    file, model = job.result.files[0], next(iter(job.inputs.get("model", ())), None)
    text = text_view.Text(
        settings, file.read(), job.result.figures, job.result.recipe, job.result.stopped_early
    )
    text_view.show(text)
    with st.container(horizontal=True):
        results.show_file_download(file, TASK, key=job.id, recipe=text.recipe)
        if model is None:
            text_view.show_actions(text)
        elif st.button(
            "Make again",
            icon=":material/refresh:",
            help="Generate again with the same model and another seed",
        ):
            jobs.start(TASK, results.list_other_seeds(settings)[0], job.inputs, text.recipe)
        jobs.show_close_button(TASK)
    if model is not None:
        note = (
            f"Generated by {words.escape(model.name)}, a model from a file that is not listed on this page."
        )
        st.caption(f":material/info: {note}")
    results.show_recipe(TASK, settings, job.inputs, text.recipe)
    return text if model is None else None  # "Under the hood" needs a listed model.


def _start_over() -> None:
    text_view.set_base("")
    st.query_params.pop(PARAMETER, None)
