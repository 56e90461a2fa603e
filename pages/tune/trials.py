"""Shows the trials of a search while it runs, and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.jobs import item_actions, jobs, results
from pages.tune import trial_charts
from pages.widgets import words
from studio import engine
from studio.core import amounts
from studio.core.tasks import Inputs
from studio.tune import selection
from studio.tune.settings import TuneSettings
from studio.tune.task import ALL_TRIED_NOTE, find_training_task

TASK = "tune.run"
EXTRA_TRIALS = 10  # trials that the button adds to a finished search


def show(inputs: Inputs) -> engine.Job | None:
    """Shows the linked search or the last one of this tab. Returns None if there is none.

    Args:
        inputs: currently selected data; a finished search disappears when they change.
    """
    request = [(slot, [file.digest for file in files]) for slot, files in inputs.items()]
    job = jobs.find_job((TASK,), request)
    if job is None:
        return None
    settings = TuneSettings.parse(job.settings)
    if not job.finished:
        jobs.watch(job, _show_progress)
        jobs.watch_history(job.id, _show_curves)
    elif job.result is None:
        jobs.show_failure(job, settings)
    else:
        _show_finished(job, settings)
    return job


def _show_progress(job: engine.Job) -> None:
    best = job.report.metrics.get("best") if job.report else None
    with jobs.show_running(job, "Best so far"):
        st.metric("Best so far", "none yet" if best is None else f"{best:.4g}")


def _show_curves(job: engine.Job) -> None:
    if lines := list_measurements(job.history):
        st.altair_chart(trial_charts.build_curves(lines), width="stretch")
        st.caption("Each line is one trial with its measurements; weak trials are stopped early.")


def list_measurements(history: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """Returns the measurements of each trial in order, as rows of a chart."""
    counts: dict[str, int] = {}
    rows = []
    for report in history:
        for name, value in report.items():
            if name.startswith("trial "):
                counts[name] = counts.get(name, 0) + 1
                rows.append(
                    {"trial": name.removeprefix("trial "), "measurement": counts[name], "value": value}
                )
    return rows


def _show_finished(job: engine.Job, settings: TuneSettings) -> None:
    figures, file = results.result_of(job).figures, results.result_of(job).files[0]
    task = find_training_task(settings)
    goal = task.goal
    assert goal is not None  # tasks without a goal cannot be searched
    is_comparable = figures.get("measure", goal.metric) == goal.metric
    # Pruned trials were measured during training, possibly by another metric than the final one.
    trials_shown = [
        trial if is_comparable or trial["state"] == "done" else {**trial, "value": None}
        for trial in figures["trials"]
    ]
    label, fields = task.settings.inline_label, task.settings.describe()
    measure = goal.title_of(figures.get("measure"))
    st.metric(f"Best: {measure}", selection.format_value(measure, figures["best"]))
    best = figures["best_settings"].items()
    settings_text = ", ".join(
        f"{label(name)} **{words.escape(_format_value(value))}**" for name, value in best
    )
    st.markdown(f"Best settings: {settings_text}.")
    st.caption(_describe_other_values(trials_shown, goal.higher_is_better))
    st.caption(
        f"Trials completed: {figures['trials_ended']}; pruned: "
        f"{figures['stopped_early']}; failed: {figures['failed']}. "
        f"{words.escape(selection.describe_selection(figures, goal))}"
    )
    results.show_notes(figures.get("notes", ()))
    item_actions.keep_model(file)
    trials: list[dict[str, Any]] = [trial for trial in trials_shown if trial["settings"]]
    if sum(trial["value"] is not None for trial in trials) > 1:
        st.altair_chart(trial_charts.build_history(trials, goal.higher_is_better), width="stretch")
        st.caption("Each mark is a trial, in the order of start; the line is the best value so far.")
    grid = st.grid(3, min_column_width=220)
    for name in trials[0]["settings"]:
        with grid.cell():
            st.altair_chart(
                trial_charts.build_setting_chart(fields[name], label(name), trials, figures["best_trial"]),
                width="stretch",
            )
    pruned_note = "; hollow marks were stopped early" if is_comparable else ""
    st.caption(f"Each mark is a trial; the large one is the best{pruned_note}.")
    measured = [trial for trial in trials if trial["value"] is not None]
    if len(measured) > 1:
        titles = {name: label(name) for name in trials[0]["settings"]}
        chart = trial_charts.build_parallel_coordinates(
            fields, titles, goal.title_of(figures.get("measure")), measured, goal.higher_is_better
        )
        st.altair_chart(chart, width="stretch")
        st.caption("Parallel coordinates: each line is a trial. A stronger color means a better result.")
    if figures.get("importance"):
        shares = {label(name): share for name, share in figures["importance"].items()}
        st.altair_chart(trial_charts.build_importance_chart(shares), width="stretch")
        st.caption("Importance: share of the variance that each setting explains (functional ANOVA).")
    rows = [_make_row(trial, label) for trial in trials]
    st.dataframe(rows, hide_index=True, width="stretch", placeholder="–")
    jobs.show_model_actions(job, settings, lambda: _show_actions(job, settings))
    results.show_recipe(TASK, settings, job.inputs, results.result_of(job).recipe)


def _show_actions(job: engine.Job, settings: TuneSettings) -> None:
    """Draws the buttons that run the remaining trials, or more than requested."""
    figures = results.result_of(job).figures
    if ALL_TRIED_NOTE in figures.get("notes", ()):
        return
    ended = figures["trials_ended"] + figures["stopped_early"]
    remaining = settings.trials - ended
    if remaining > 0 and st.button(
        "Continue",
        help=f"Runs the other {remaining} of {settings.trials} trials",
        icon=":material/play_arrow:",
    ):
        jobs.start(TASK, settings, job.inputs)
    help = "Continues from the trials so far"
    if remaining <= 0 and st.button(f"{EXTRA_TRIALS} more trials", icon=":material/add:", help=help):
        jobs.start(TASK, settings.model_copy(update={"trials": ended + EXTRA_TRIALS}), job.inputs)


def _describe_other_values(trials: Sequence[Mapping[str, Any]], is_maximized: bool) -> str:
    """Returns the second best and the worst value in words, to put the best one into perspective."""
    better = "Higher is better" if is_maximized else "Lower is better"
    values = sorted((trial["value"] for trial in trials if trial["state"] == "done"), reverse=is_maximized)
    if len(values) < 2:
        return f"{better}."
    worst = f"worst of {len(values)}: {values[-1]:.4g}"
    return f"{better}. Second best: {values[1]:.4g}; {worst}."


def _make_row(trial: Mapping[str, Any], label: Callable[[str], str]) -> dict[str, Any]:
    value = trial["value"]
    return {
        "trial": trial["number"],
        "state": trial["state"],
        "value": None if value is None else float(f"{value:.4g}"),
        **{label(name): value for name, value in trial["settings"].items()},
    }


def _format_value(value: object) -> str:
    return amounts.format_number(value) if isinstance(value, float) else words.escape(str(value))
