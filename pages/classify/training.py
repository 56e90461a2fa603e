"""A training run of classes: how far it is, then how good the classifier is, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from pages.classify import audit, base_model, classifiers, data_sets, evaluations, export, scoring, tryout
from pages.classify.classifiers import Shown
from pages.form.data_set_input import DatasetChoice
from pages.form.samples import Sample
from pages.jobs import jobs, kept_models, results
from pages.widgets import curves, words
from pages.widgets.owners import owner
from studio import engine
from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.core import tasks
from studio.core.errors import StudioError

TASK = "classify.train"
OTHERS = ("classify.audit", "classify.export", "classify.explain")
GOOD, TRY, TAKE = "Evaluation", "Try it", "Export"


def find(chosen: DatasetChoice | None) -> engine.Job | None:
    """The job of the address, or the last one of this tab; a finished one gives way to other images."""
    return jobs.find((TASK, *OTHERS), chosen and chosen.file.digest)


def show(job: engine.Job, chosen: DatasetChoice | None) -> Shown | None:
    """Draws a job of this page; gives the classifier, once there is one.

    Args:
        chosen: the images that are chosen now, which need not be those of the job.
    """
    jobs.show_what_it_learns_from(job, [chosen.file] if chosen else [])
    settings = tasks.get(job.task).settings.parse(job.settings)
    if not job.finished:
        _watch(job.id)
        _curve(job.id)
        if "data" in job.inputs and isinstance(settings, TrainClassifierSettings | AuditSettings):
            images = data_sets.if_available(job.inputs["data"][0], base_model.side(job.inputs, settings))
            if images is not None:
                audit.examples(images)
    elif job.result is None:
        jobs.failed(job, settings)
    elif isinstance(settings, TrainClassifierSettings):
        return _ended(job, settings)
    else:
        _another(job, settings)
    return None


@st.fragment(run_every=jobs.WATCH_SECONDS)
def _watch(name: str) -> None:
    job = engine.connect().job(name, owner())
    if job.finished:
        st.rerun()
    report = job.report
    with jobs.working(job, "Current images"):
        if report is not None and report.metrics:
            st.caption(" · ".join(f"{name} {value:.3g}" for name, value in report.metrics.items()))


@st.fragment(run_every=jobs.CURVE_SECONDS)
def _curve(name: str) -> None:
    curves.losses(engine.connect().job(name, owner()).history)


def _ended(job: engine.Job, settings: TrainClassifierSettings) -> Shown | None:
    file = results.of_job(job).files[0]
    try:
        shown = classifiers.of_file(file, job.inputs["data"][0])
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None
    classifiers.just_taught(shown)
    if results.of_job(job).stopped_early:
        st.caption(":material/info: Training was stopped early; this is the best model up to then.")
    views(
        shown,
        how_good=lambda: accuracy_in_words(shown, results.of_job(job).figures),
        below=lambda: _go_on(job, settings),
    )
    return shown


def _go_on(job: engine.Job, settings: TrainClassifierSettings) -> None:
    """What can be done with a classifier that was just trained."""
    file = results.of_job(job).files[0]
    kept_models.keep(file, classifiers.use)
    with st.container(horizontal=True):
        results.download_file(file, TASK, key=job.id, made=results.of_job(job).recipe)
        if st.button("Make again", icon=":material/refresh:", help="The same images, settings and seed"):
            jobs.start(TASK, settings, job.inputs, results.of_job(job).recipe)
        jobs.close_button(TASK)
    results.recipe(TASK, settings, job.inputs, results.of_job(job).recipe)


def show_kept(shown: Shown, image: Sample) -> None:
    """A classifier that was trained before: to be tried, first of all."""
    known, own = shown.data.get("evaluation"), shown.imported

    def how_good() -> None:
        if own:
            scoring.show(shown)
        else:
            accuracy_in_words(shown, {})

    views(
        shown,
        how_good=how_good if known or own else None,
        image=image,
    )


def views(
    shown: Shown,
    how_good: Callable[[], None] | None,
    image: Sample | None = None,
    below: Callable[[], None] | None = None,
) -> None:
    """The classifier seen from three sides; only the one that is open is drawn.

    Args:
        how_good: draws the first, None where nothing is known of it.
        image: what to try it with, which then comes first; asked for here when None.
        below: draws what belongs below the first and the last.
    """
    sides = [TRY, TAKE] if how_good is None else [GOOD, TRY, TAKE]
    if image is not None:
        sides.sort(key=lambda side: side != TRY)
    tabs = st.tabs(sides, key=f"side_{len(sides)}_{image is not None}", on_change="rerun")
    for side, tab in zip(sides, tabs, strict=True):
        if not tab.open:
            continue
        with tab:
            if side == TRY:
                tryout.show(shown, image)
                continue
            if side == GOOD and how_good is not None:
                how_good()
            else:
                export.show(shown)
            if below is not None:
                below()


def accuracy_in_words(shown: Shown, figures: Mapping[str, Any]) -> None:
    """How good a classifier is, from what its training left of it.

    Args:
        shown: the classifier.
        figures: of its training, where that is still known.
    """
    evaluation, tested = shown.data["evaluation"], shown.data.get("tested")
    evaluations.headline(evaluation)
    if shown.settings.get("finetune") and "head_accuracy" in figures:
        st.caption(f"Accuracy before fine-tuning: {figures['head_accuracy']:.1%}.")
    for note in figures.get("notes", ()):
        st.caption(f":material/info: {words.plain(note)}")
    images = data_sets.if_available(shown.images, shown.side) if shown.images else None
    if tested:
        st.markdown("**Confusion matrix**")
        evaluations.confused(evaluation, tested, images, key="confusion")
    evaluations.by_class(evaluation)
    with st.expander("Calibration", icon=":material/speed:"):
        evaluations.calibrated(evaluation)
    if doubted := figures.get("suspicious"):
        with st.expander(f"Suspicious labels: {len(doubted):,}", icon=":material/troubleshoot:"):
            audit.doubted(images, doubted, shown.images)


def _another(job: engine.Job, settings: Any) -> None:
    """The result of another task of this page, as its job's own address shows it."""
    file = results.of_job(job).files[0]
    if job.task == "classify.audit":
        audit.show(job.inputs["data"][0], base_model.side(job.inputs, settings), results.of_job(job).figures)
    elif job.task == "classify.export":
        export.show_export(job)
    else:
        results.show_result(file, None, key="result")
        results.download_file(file, job.task, key=job.id, made=results.of_job(job).recipe)
    if st.button("Close", icon=":material/close:", type="tertiary"):
        jobs.close(TASK)
        st.rerun()
