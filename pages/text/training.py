"""A training run on a text: samples and losses, then the language model."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.jobs import jobs, live, model_saving, results
from pages.text import language_models
from pages.widgets import curves, words
from pages.widgets.marked_text import show_marked_text
from studio import engine
from studio.core import amounts
from studio.core.tasks import File
from studio.text.settings import TrainTextSettings, WriteSettings

TASK = language_models.TRAIN
SAMPLE_SETTINGS = WriteSettings(chars=400)
VALIDATION = "validation"
_END_TEXTS = {
    "patience": "Early stopping: the validation loss no longer improved.",
    "cancelled": "Training was stopped early. This is the best checkpoint.",
    "nan": "Training stopped early because the loss diverged. This is the best checkpoint.",
}


def show(text: File | None) -> engine.Job | None:
    """Draws the training run of the address, or the last one of this tab; returns None if there is none.

    Args:
        text: the chosen text; a finished training run is hidden when another text is chosen.
    """
    job = jobs.find_job((TASK,), text and text.digest)
    if job is None:
        return None
    jobs.show_training_data(job, [text] if text else [])
    if not job.finished:
        jobs.watch(job, _show_progress)
        with jobs.create_details():
            jobs.watch_history(job.id, lambda current: draw_curve(current.history))
    elif job.result is None:
        jobs.show_failure(job, TrainTextSettings.parse(job.settings))
    else:
        _show_result(job)
    return job


def _show_progress(job: engine.Job) -> None:
    stages = _update_stages(job)
    with jobs.show_running(job, "Samples"):
        show_marked_text(
            stages[-1][1] if stages else "",
            hint="" if stages else "A sample appears here after the first evaluation.",
            key="lesson_paper",
        )
        if stages:
            st.caption(f"Sample at step {stages[-1][0]:,}")


def _update_stages(job: engine.Job) -> list[tuple[int, str]]:
    """Returns the samples so far, each with the step at which this tab first received it."""
    stages: list[tuple[int, str]] = st.session_state.setdefault(f"stages:{job.id}", [])
    report = job.report
    # Reports contain a sample only after a validation; other texts name a phase.
    if report and VALIDATION in report.metrics and (not stages or stages[-1][1] != report.text):
        stages.append((report.step, report.text))
    return stages


def _show_result(job: engine.Job) -> None:
    file, figures = results.result_of(job).files[0], results.result_of(job).figures
    sample = live.make_sample(f"written_by:{file.digest}", "text.write", SAMPLE_SETTINGS, {"model": [file]})
    if sample:
        show_marked_text(sample.decode("utf-8", "replace"), key="lesson_paper")
        st.caption(f"Sample at temperature {SAMPLE_SETTINGS.temperature:g}")
    st.markdown(describe_outcome(figures))
    model_saving.ask_name_and_save(file, language_models.write_with)
    draw_curve(job.history)
    stages = _update_stages(job)
    if stages:
        with st.expander("Training progress", icon=":material/timeline:"):
            for step, text in stages:
                st.caption(f"Step {step:,}")
                st.text(text)
    settings = TrainTextSettings.parse(job.settings)
    jobs.show_model_actions(job, settings)
    results.show_recipe(TASK, settings, job.inputs, results.result_of(job).recipe)


def describe_outcome(figures: Mapping[str, Any]) -> str:
    """Returns the outcome of a training run as Markdown."""
    loss, alphabet_size = figures["nats_per_char"], figures["alphabet"]
    lines = [
        f"The negative log-likelihood on the test split is **{loss:.2f} nats ({figures['bits_per_char']:.2f} "
        f"bits) per character**, a perplexity of {math.exp(loss):.1f}; a uniform guess over the alphabet has "
        f"{alphabet_size:,}.",
        f"{figures['parameters']:,} parameters, {figures['steps']:,} steps, "
        f"{amounts.format_duration(max(1, figures['seconds']))}.",
    ]
    if base_model := figures.get("started_from"):
        lines.append(f"Fine-tuned from {words.escape(words.model_label(base_model))}.")
    lines += [_END_TEXTS[figures["ended"]]] if figures.get("ended") in _END_TEXTS else []
    lines += [words.escape(note) for note in figures.get("notes", ())]
    return "\n\n".join(lines)


def draw_curve(history: Sequence[Mapping[str, float]]) -> None:
    """Draws the losses in nats per character, once there are two steps."""
    rows = curves.list_rows(history, {"learning": "training", VALIDATION: VALIDATION})
    curves.show_lines(rows, "nats per character")
