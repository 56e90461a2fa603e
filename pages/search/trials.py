"""The trials of a search: while they come, and what they told in the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.jobs import item_actions, jobs, results
from pages.search import trial_charts
from pages.widgets import words
from pages.widgets.owners import owner
from studio import engine
from studio.core.tasks import Inputs
from studio.search import selection
from studio.search.settings import SearchSettings
from studio.search.task import ALL_TRIED, trained

TASK = "search.run"
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
    settings = SearchSettings.parse(job.settings)
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
    with jobs.working(job, "The best so far"):
        st.metric("Best so far", "none yet" if best is None else f"{best:.4g}")


@st.fragment(run_every=jobs.CURVE_SECONDS)
def _coming(name: str) -> None:
    lines = measured(engine.connect().job(name, owner()).history)
    if lines:
        st.altair_chart(trial_charts.curves(lines), width="stretch")
        st.caption("Each line is one training, measured again and again; poor ones are stopped early.")


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


def _ended(job: engine.Job, settings: SearchSettings) -> None:
    figures, file = results.of_job(job).figures, results.of_job(job).files[0]
    task = trained(settings)
    goal = task.goal
    assert goal is not None  # or it could not be searched
    alike = figures.get("measure", goal.metric) == goal.metric
    # What stopped early was measured on its way, perhaps by something else than the figure that counts.
    tried = [one if alike or one["state"] == "done" else {**one, "value": None} for one in figures["trials"]]
    label, fields = task.settings.term, task.settings.described()
    st.metric(f"The best: {goal.called(figures.get('measure'))}", f"{figures['best']:.4g}")
    best = figures["best_settings"].items()
    told = ", ".join(f"{label(name)} **{words.plain(_short(value))}**" for name, value in best)
    st.markdown(f"It came with {told}.")
    st.caption(_among(tried, goal.most))
    st.caption(
        f"Trainings that ended: {figures['trials_ended']}; stopped early as poor: "
        f"{figures['stopped_early']}; failed: {figures['failed']}. "
        f"{words.plain(selection.sentence(figures, goal))}"
    )
    for note in figures.get("notes", ()):
        st.caption(f":material/info: {words.plain(note)}")
    item_actions.keep_model(file)
    trials: list[dict[str, Any]] = [trial for trial in tried if trial["settings"]]
    if sum(trial["value"] is not None for trial in trials) > 1:
        st.altair_chart(trial_charts.history(trials, goal.most), width="stretch")
        st.caption(
            "Each mark is a training in the order of their beginning; the line is the best until then."
        )
    grid = st.grid(3, min_column_width=220)
    for name in trials[0]["settings"]:
        with grid.cell():
            st.altair_chart(
                trial_charts.against(fields[name], label(name), trials, figures["best_trial"]),
                width="stretch",
            )
    hollow = ", hollow ones were stopped early" if alike else ""
    st.caption(f"Each mark is a training; the large one is the best{hollow}.")
    if figures.get("importance"):
        shares = {label(name): share for name, share in figures["importance"].items()}
        st.altair_chart(trial_charts.importance(shares), width="stretch")
        st.caption("How much of the differences each setting explains (functional ANOVA).")
    rows = [_row(trial, label) for trial in trials]
    st.dataframe(rows, hide_index=True, width="stretch", placeholder="–")
    with st.container(horizontal=True):
        results.download_file(file, TASK, key=job.id, made=results.of_job(job).recipe)
        _go_on(job, settings)
        jobs.close_button(TASK)
    results.recipe(TASK, settings, job.inputs, results.of_job(job).recipe)


def _go_on(job: engine.Job, settings: SearchSettings) -> None:
    """Buttons for the trials that a stop or the time left out, and for more than were asked for."""
    figures = results.of_job(job).figures
    if ALL_TRIED in figures.get("notes", ()):
        return
    counted = figures["trials_ended"] + figures["stopped_early"]
    left = settings.trials - counted
    if left > 0 and st.button(
        "Go on", help=f"{left} of {settings.trials} trials are left", icon=":material/play_arrow:"
    ):
        jobs.start(TASK, settings, job.inputs)
    help = "Goes on with what was learned so far"
    if left <= 0 and st.button(f"{MORE} more trials", icon=":material/add:", help=help):
        jobs.start(TASK, settings.model_copy(update={"trials": counted + MORE}), job.inputs)


def _among(trials: Sequence[Mapping[str, Any]], most: bool) -> str:
    """How the best stands among the others, for a figure alone says little."""
    better = "More is better" if most else "Less is better"
    values = sorted((trial["value"] for trial in trials if trial["state"] == "done"), reverse=most)
    if len(values) < 2:
        return f"{better}."
    worst = f"the worst of {len(values)} reached {values[-1]:.4g}"
    return f"{better}: the second best reached {values[1]:.4g}, {worst}."


def _row(trial: Mapping[str, Any], label: Callable[[str], str]) -> dict[str, Any]:
    value = trial["value"]
    return {
        "trial": trial["number"],
        "how it ended": trial["state"],
        "value": None if value is None else float(f"{value:.4g}"),
        **{label(name): value for name, value in trial["settings"].items()},
    }


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else words.plain(str(value))
