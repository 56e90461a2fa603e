"""The trials of a search: while they come, and what they told in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.jobs import item_actions, jobs, results
from pages.tune import trial_charts
from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core.tasks import Inputs
from studio.tune import selection
from studio.tune.settings import TuneSettings
from studio.tune.task import ALL_TRIED, trained

TASK = "tune.run"
MORE = 10  # trials that a press adds to a search that has ended


def show(inputs: Inputs) -> engine.Job | None:
    """Draws the search of the address, or the last one of this tab; None when there is none.

    Args:
        inputs: what the page would learn from now; a search that has ended gives way to another one.
    """
    asked = [(slot, [file.digest for file in files]) for slot, files in inputs.items()]
    job = jobs.find((TASK,), asked)
    if job is None:
        return None
    settings = TuneSettings.parse(job.settings)
    if not job.finished:
        _watch(job.id)
        _coming(job.id)
    elif job.result is None:
        jobs.failed(job, settings)
    else:
        _ended(job, settings)
    return job


@st.fragment(run_every=jobs.WATCH_SECONDS)
def _watch(name: str) -> None:
    job = engine.connect().job(name, owner())
    if job.finished:
        st.rerun()
    best = job.report.metrics.get("best") if job.report else None
    with jobs.working(job, "Best so far"):
        st.metric("Best so far", "none yet" if best is None else f"{best:.4g}")


@st.fragment(run_every=jobs.CURVE_SECONDS)
def _coming(name: str) -> None:
    lines = measured(engine.connect().job(name, owner()).history)
    if lines:
        st.altair_chart(trial_charts.curves(lines), width="stretch")
        st.caption("Each line is one trial with its measurements; weak trials are stopped early.")


def measured(history: Sequence[Mapping[str, float]]) -> list[dict[str, Any]]:
    """The measurements of each trial in the order in which they came, as rows of a chart."""
    seen: dict[str, int] = {}
    rows = []
    for moment in history:
        for name, value in moment.items():
            if name.startswith("trial "):
                seen[name] = seen.get(name, 0) + 1
                rows.append({"trial": name.removeprefix("trial "), "measurement": seen[name], "value": value})
    return rows


def _ended(job: engine.Job, settings: TuneSettings) -> None:
    figures, file = results.of_job(job).figures, results.of_job(job).files[0]
    task = trained(settings)
    goal = task.goal
    assert goal is not None  # or it could not be searched
    alike = figures.get("measure", goal.metric) == goal.metric
    # What stopped early was measured on its way, perhaps by something else than the figure that counts.
    tried = [one if alike or one["state"] == "done" else {**one, "value": None} for one in figures["trials"]]
    label, fields = task.settings.term, task.settings.described()
    st.metric(f"Best: {goal.called(figures.get('measure'))}", f"{figures['best']:.4g}")
    best = figures["best_settings"].items()
    told = ", ".join(f"{label(name)} **{words.plain(_short(value))}**" for name, value in best)
    st.markdown(f"Best settings: {told}.")
    st.caption(_among(tried, goal.most))
    st.caption(
        f"Trials completed: {figures['trials_ended']}; pruned: "
        f"{figures['stopped_early']}; failed: {figures['failed']}. "
        f"{words.plain(selection.sentence(figures, goal))}"
    )
    for note in figures.get("notes", ()):
        st.caption(f":material/info: {words.plain(note)}")
    item_actions.keep_model(file)
    trials: list[dict[str, Any]] = [trial for trial in tried if trial["settings"]]
    if sum(trial["value"] is not None for trial in trials) > 1:
        st.altair_chart(trial_charts.history(trials, goal.most), width="stretch")
        st.caption("Each mark is a trial, in the order of start; the line is the best value so far.")
    grid = st.grid(3, min_column_width=220)
    for name in trials[0]["settings"]:
        with grid.cell():
            st.altair_chart(
                trial_charts.against(fields[name], label(name), trials, figures["best_trial"]),
                width="stretch",
            )
    hollow = "; hollow marks were stopped early" if alike else ""
    st.caption(f"Each mark is a trial; the large one is the best{hollow}.")
    if figures.get("importance"):
        shares = {label(name): share for name, share in figures["importance"].items()}
        st.altair_chart(trial_charts.importance(shares), width="stretch")
        st.caption("Importance: share of the variance that each setting explains (functional ANOVA).")
    rows = [_row(trial, label) for trial in trials]
    st.dataframe(rows, hide_index=True, width="stretch", placeholder="–")
    with st.container(horizontal=True):
        results.download_file(file, TASK, key=job.id, made=results.of_job(job).recipe)
        _go_on(job, settings)
        jobs.close_button(TASK)
    results.recipe(TASK, settings, job.inputs, results.of_job(job).recipe)


def _go_on(job: engine.Job, settings: TuneSettings) -> None:
    """Buttons for the trials that a stop or the time left out, and for more than were asked for."""
    figures = results.of_job(job).figures
    if ALL_TRIED in figures.get("notes", ()):
        return
    counted = figures["trials_ended"] + figures["stopped_early"]
    left = settings.trials - counted
    if left > 0 and st.button(
        "Continue",
        help=f"Runs the other {left} of {settings.trials} trials",
        icon=":material/play_arrow:",
    ):
        jobs.start(TASK, settings, job.inputs)
    help = "Continues from the trials so far"
    if left <= 0 and st.button(f"{MORE} more trials", icon=":material/add:", help=help):
        jobs.start(TASK, settings.model_copy(update={"trials": counted + MORE}), job.inputs)


def _among(trials: Sequence[Mapping[str, Any]], most: bool) -> str:
    """How the best stands among the others, for a figure alone says little."""
    better = "Higher is better" if most else "Lower is better"
    values = sorted((trial["value"] for trial in trials if trial["state"] == "done"), reverse=most)
    if len(values) < 2:
        return f"{better}."
    worst = f"worst of {len(values)}: {values[-1]:.4g}"
    return f"{better}. Second best: {values[1]:.4g}; {worst}."


def _row(trial: Mapping[str, Any], label: Callable[[str], str]) -> dict[str, Any]:
    value = trial["value"]
    return {
        "trial": trial["number"],
        "state": trial["state"],
        "value": None if value is None else float(f"{value:.4g}"),
        **{label(name): value for name, value in trial["settings"].items()},
    }


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else words.plain(str(value))
