"""Shows a training job: its progress, then the evaluation, a tryout and the export of the classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from pages.classify import (
    audit,
    base_model,
    classifiers,
    data_sets,
    evaluations,
    export,
    network,
    scoring,
    top_losses,
    tryout,
)
from pages.classify.classifiers import Classifier
from pages.form.data_set_input import DatasetChoice
from pages.form.samples import Sample
from pages.jobs import jobs, model_saving, results, training_runs
from pages.widgets import curves, page_errors
from studio import engine
from studio.classify.models import rejection
from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.core import tasks
from studio.core.errors import StudioError

TASK = "classify.train"
OTHER_TASKS = ("classify.audit", "classify.export", "classify.explain")
EVALUATE, TRY, NETWORK, EXPORT = "Evaluation", "Try it", "Network", "Export"
CHARTS = (
    training_runs.Chart(
        {"loss": "Training loss", "nats": "Test loss"},
        "Loss: cross-entropy in nats per image. The test loss rises again when the model overfits.",
    ),
    training_runs.Chart(
        {"train_accuracy": "Training accuracy", "accuracy": "Test accuracy"},
        "Accuracy: on the training images before each step, and on the test split after each epoch.",
    ),
)


def find(choice: DatasetChoice | None) -> engine.Job | None:
    """Returns the linked job or the last one of this tab; a finished one only while its images are chosen."""
    return jobs.find_job((TASK, *OTHER_TASKS), choice and choice.file.digest)


def show(job: engine.Job, choice: DatasetChoice | None) -> Classifier | None:
    """Shows a job of this page. Returns the classifier once training has finished.

    Args:
        job: to show.
        choice: the currently selected images, which may differ from those of the job.
    """
    jobs.show_training_data(job, [choice.file] if choice else [])
    settings = tasks.get(job.task).settings.parse(job.settings)
    if not job.finished:
        jobs.watch(job, _show_progress)
        with jobs.create_details():
            jobs.watch_history(job.id, lambda current: show_curves(current.history))
        if "data" in job.inputs and isinstance(settings, TrainClassifierSettings | AuditSettings):
            images = data_sets.load_if_available(
                job.inputs["data"][0], base_model.find_image_side(job.inputs, settings)
            )
            if images is not None:
                audit.show_class_samples(images)
    elif job.result is None:
        jobs.show_failure(job, settings)
    elif isinstance(settings, TrainClassifierSettings):
        return _show_finished(job, settings)
    else:
        _show_other_task(job, settings)
    return None


def show_curves(history: Sequence[Mapping[str, float]]) -> None:
    """Draws the loss and the accuracy of fine-tuning; before it starts, the loss of the head."""
    finetuning = [report for report in history if "train_accuracy" in report]
    if finetuning:
        training_runs.show_charts(finetuning, CHARTS)
    else:
        curves.show_losses(history)


def _show_progress(job: engine.Job) -> None:
    report = job.report
    with jobs.show_running(job, "Current images"):
        if report is not None and report.metrics:
            texts = (f"{name.replace('_', ' ')} {value:.3g}" for name, value in report.metrics.items())
            st.caption(" · ".join(texts))


def _show_finished(job: engine.Job, settings: TrainClassifierSettings) -> Classifier | None:
    file = results.result_of(job).files[0]
    try:
        classifier = classifiers.load_file(file, job.inputs["data"][0])
    except StudioError as error:
        page_errors.show_error(error)
        return None
    classifiers.remember_trained(classifier)
    if results.result_of(job).stopped_early:
        st.caption(":material/info: Training was stopped early; this is the best model up to then.")
    export.show_share_at_result(classifier, job, settings)
    show_tabs(
        classifier,
        show_evaluation=lambda: show_stored_evaluation(classifier, results.result_of(job).figures),
        show_below=lambda: _show_actions(job, settings),
    )
    return classifier


def _show_actions(job: engine.Job, settings: TrainClassifierSettings) -> None:
    """Shows the actions for a classifier that was just trained."""
    file = results.result_of(job).files[0]
    model_saving.ask_name_and_save(file, classifiers.open_to_try)
    jobs.show_model_actions(job, settings)
    results.show_recipe(TASK, settings, job.inputs, results.result_of(job).recipe)


def show_saved(classifier: Classifier, image: Sample) -> None:
    """Shows a saved or imported classifier, the tryout first."""
    evaluation, is_imported = classifier.data.get("evaluation"), classifier.imported

    def show_evaluation() -> None:
        if is_imported:
            scoring.show(classifier)
        else:
            show_stored_evaluation(classifier, {})

    show_tabs(
        classifier,
        show_evaluation=show_evaluation if evaluation or is_imported else None,
        image=image,
    )


def show_tabs(
    classifier: Classifier,
    show_evaluation: Callable[[], None] | None,
    image: Sample | None = None,
    show_below: Callable[[], None] | None = None,
) -> None:
    """Shows the tabs for evaluation, tryout, layers and export; only the open tab is drawn.

    Args:
        classifier: to show.
        show_evaluation: draws the evaluation; None if there is none.
        image: for the tryout, which is then the first tab; None asks for an image there.
        show_below: draws the end of the evaluation and export tabs.
    """
    labels = [*([EVALUATE] if show_evaluation else []), TRY]
    labels += [NETWORK, EXPORT] if classifier.has_layers else []
    if image is not None:
        labels.sort(key=lambda label: label != TRY)
    tabs = st.tabs(labels, key=f"side_{len(labels)}_{image is not None}", on_change="rerun")
    for tab_label, tab in zip(labels, tabs, strict=True):
        if not tab.open:
            continue
        with tab:
            if tab_label == TRY:
                tryout.show(classifier, image)
                continue
            if tab_label == NETWORK:
                network.show(classifier)
                continue
            if tab_label == EVALUATE and show_evaluation is not None:
                show_evaluation()
            else:
                export.show(classifier)
            if show_below is not None:
                show_below()


def show_stored_evaluation(classifier: Classifier, figures: Mapping[str, Any]) -> None:
    """Shows the evaluation that was stored with a classifier.

    Args:
        classifier: to show.
        figures: of its training job; empty if no longer known.
    """
    evaluation, tested = classifier.data["evaluation"], classifier.data.get("tested")
    evaluations.show_accuracy(evaluation)
    if classifier.settings.get("finetune"):
        _show_head_metric(figures)
    results.show_notes(figures.get("notes", ()))
    images = data_sets.load_if_available(classifier.images, classifier.side) if classifier.images else None
    if tested:
        evaluations.show_confusion_matrix(evaluation, tested, images, key="confusion")
    evaluations.show_per_class(evaluation)
    top_losses.show(classifier.data.get("top_losses", ()), images, key="top_losses")
    if curve := figures.get("curve"):
        with st.expander("Learning curves", icon=":material/monitoring:"):
            training_runs.show_charts(curves.list_reports(curve), CHARTS)
    if record := classifier.data.get(rejection.KEY):
        with st.expander("None of these", icon=":material/block:"):
            st.markdown(rejection.describe(record))
    if "calibration" in evaluation:  # only if each image has one label
        with st.expander("Calibration", icon=":material/speed:"):
            evaluations.show_calibration(evaluation)
    if suspicious := figures.get("suspicious"):
        with st.expander(f"Suspicious labels: {len(suspicious):,}", icon=":material/troubleshoot:"):
            audit.show_suspicious(images, suspicious, classifier.images)


def _show_head_metric(figures: Mapping[str, Any]) -> None:
    for name, title in (("mean_average_precision", "mAP"), ("accuracy", "Accuracy")):
        if (value := figures.get(f"head_{name}")) is not None:
            st.caption(f"{title} before fine-tuning: {value:.1%}.")
            return


def _show_other_task(job: engine.Job, settings: Any) -> None:
    """Shows the result of an audit, export or explanation job."""
    file = results.result_of(job).files[0]
    if job.task == "classify.audit":
        audit.show(
            job.inputs["data"][0],
            base_model.find_image_side(job.inputs, settings),
            results.result_of(job).figures,
        )
    elif job.task == "classify.export":
        export.show_export(job)
    else:
        results.show_result(file, None, key="result")
        results.show_file_download(file, job.task, key=job.id, recipe=results.result_of(job).recipe)
    jobs.show_close_button(job.task)
