"""The audit of a dataset before training: counts, broken files, duplicates, labels that look wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.classify import augmentation, base_model, by_hand, corrections, data_sets, evaluations
from pages.form import data_set_preview, estimates
from pages.jobs import inline_jobs, results
from pages.widgets import weight_downloads, words
from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.core import amounts
from studio.core.data import ImageDataset
from studio.core.tasks import File, Inputs

TASK, TRAIN = "classify.audit", "classify.train"
SAMPLES_PER_CLASS = 4  # sample images per class
MAX_CLASSES_SHOWN = 12  # with sample images
MAX_NAMES_SHOWN = 12  # file names per finding
_NO_LABEL_CHECK = "Labels are checked only if each image has one."


class Finding(NamedTuple):
    """One finding of the audit.

    Attributes:
        sentence: the finding and what to do about it.
        is_problem: whether it needs attention; else it is only information.
        names: of the images that it is about.
        shows_images: whether `names` are images of the data set that can be shown.
        is_correctable: whether the form below the findings corrects it.
    """

    sentence: str
    is_problem: bool = False
    names: Sequence[str] = ()
    shows_images: bool = False
    is_correctable: bool = False


def show_before_training(inputs: Inputs, settings: TrainClassifierSettings | None) -> None:
    """Shows the selected data set before training: counts, sample images and findings.

    Args:
        inputs: of the training job; may contain an imported model as the backbone.
        settings: of the training job; None if they are invalid.
    """
    if settings is None:
        return
    dataset_and_facts = data_sets.load_with_facts(
        inputs["data"][0], base_model.find_image_side(inputs, settings)
    )
    if dataset_and_facts is None:
        return
    images, facts = dataset_and_facts
    corrections.show_changes(inputs["data"][0])
    _show_counts(facts)
    by_hand.offer_changes(inputs["data"][0], images)
    st.markdown(
        f"**Train** fits a classifier to these images{estimates.describe_cost(TRAIN, settings, inputs)}."
    )
    augmentation.show(settings, inputs)
    show_class_samples(images)
    _show_findings(images, facts)
    if not inputs.get("model"):
        weight_downloads.announce_downloads([settings.backbone])
    if images.multi_hot is not None:
        st.caption(_NO_LABEL_CHECK)
        corrections.offer_corrections(inputs["data"][0], images, (), facts["near"])
        return
    shared_names = AuditSettings.model_fields.keys() & TrainClassifierSettings.model_fields.keys()
    audit_settings = AuditSettings.parse({name: getattr(settings, name) for name in shared_names})
    job = inline_jobs.show_inline_job(
        TASK,
        audit_settings,
        inputs,
        "Look for wrong labels",
        ":material/troubleshoot:",
        "Trains a first classifier to find them; training is fast afterwards, because it reuses the features",
    )
    if job is not None:
        for note in results.result_of(job).figures.get("notes", ()) if inputs.get("model") else ():
            if note not in facts["notes"]:
                st.caption(f":material/info: {words.escape(note)}")
        suspicious = results.result_of(job).figures.get("suspicious") or []
        show_suspicious(images, suspicious, inputs["data"][0], facts["near"])
    else:
        corrections.offer_corrections(inputs["data"][0], images, (), facts["near"])


def show(file: File, size: int, facts: Mapping[str, Any]) -> None:
    """Shows the result of an audit job.

    Args:
        file: the data set.
        size: side of the images, in px.
        facts: the figures of the job.
    """
    images = data_sets.load_if_available(file, size)
    _show_counts(facts)
    _show_findings(images, facts)
    show_suspicious(images, facts.get("suspicious") or [], file, facts["near"])


def _show_counts(facts: Mapping[str, Any]) -> None:
    classes = facts["classes"]
    smallest, median, largest = facts["sizes"]
    sides = (
        f"{smallest:,} px" if smallest == largest else f"{smallest:,} to {largest:,} px, median {median:,} px"
    )
    text = f"**{facts['images']:,} images in {len(classes):,} classes**, shorter side {sides}."
    st.markdown(text)
    if classes:
        st.altair_chart(_build_count_chart(classes), width="stretch")


def _build_count_chart(classes: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    base = alt.Chart(alt.Data(values=list(classes))).encode(
        y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=140)),
        x=alt.X("count:Q", axis=None),
        tooltip=["name:N", "count:Q"],
    )
    numbers = base.mark_text(align="left", dx=4, color="gray").encode(text="count:Q")
    return (base.mark_bar(cornerRadiusEnd=3) + numbers).properties(height=alt.Step(26))


def show_class_samples(dataset: ImageDataset) -> None:
    """Shows up to `SAMPLES_PER_CLASS` images of each of the first `MAX_CLASSES_SHOWN` classes."""
    for label, name in list(enumerate(dataset.classes))[:MAX_CLASSES_SHOWN]:
        is_in_class = dataset.targets == label if dataset.multi_hot is None else dataset.multi_hot[:, label]
        rows = np.flatnonzero(is_in_class)[:SAMPLES_PER_CLASS]
        thumbnails = [data_set_preview.make_thumbnail(dataset.images[row]) for row in rows]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for image in thumbnails:
                st.image(image, width=72, alt=name)
            st.caption(words.escape(name))


def _show_findings(dataset: ImageDataset | None, facts: Mapping[str, Any]) -> None:
    """Shows the findings, problems first, each with its images or file names in an expander."""
    findings_in_order = sorted(list_findings(facts), key=lambda finding: not finding.is_problem)
    if not findings_in_order:
        st.success("No missing, broken or duplicate images.", icon=":material/check_circle:")
    for finding in findings_in_order:
        icon = ":material/warning:" if finding.is_problem else ":material/info:"
        if not finding.names or (finding.is_correctable and dataset is not None):
            st.markdown(f"{icon} {finding.sentence}")
            continue
        with st.expander(finding.sentence, icon=icon):
            if finding.shows_images and dataset is not None:
                evaluations.show_images(finding.names, finding.names, dataset)
            else:
                remaining = len(finding.names) - MAX_NAMES_SHOWN
                st.text(
                    "\n".join(finding.names[:MAX_NAMES_SHOWN])
                    + (f"\nand {remaining:,} more" if remaining > 0 else "")
                )


def list_findings(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Yields the findings in the facts of an audit, each with what to do about it."""
    for warning in facts["warnings"]:
        if "nearly the same image" not in warning:  # `_describe_near_duplicates` shows these
            yield Finding(words.escape(warning), True)
    if count := facts["broken_count"]:
        subject = "broken image file was" if count == 1 else "broken image files were"
        yield Finding(
            f"{count:,} {subject} left out. Save them again to include them.", True, facts["broken"]
        )
    if count := facts["copies_count"]:
        copies = [f"{copy} is the same as {original}" for copy, original in facts["copies"]]
        subject = "exact duplicate was" if count == 1 else "exact duplicates were"
        yield Finding(f"{count:,} {subject} left out, so that each image counts once.", False, copies)
    if count := facts["near_count"]:
        yield _describe_near_duplicates(count, facts["near"], facts["split"], facts["multi_label"])
    if (count := facts["small_count"]) * 2 <= facts["images"] and count:
        yield Finding(
            f"{count:,} images are smaller than the input size; larger ones would give more detail.",
            False,
            facts["small"],
            True,
        )
    for note in facts["notes"]:
        shown_elsewhere = ("not intact images", "of other images left out")
        if not any(part in note for part in shown_elsewhere):
            yield Finding(words.escape(note))


def _describe_near_duplicates(
    count: int, pairs: Sequence[Mapping[str, Any]], has_own_split: bool, multi_label: bool
) -> Finding:
    names = [pair[side] for pair in pairs for side in ("first", "second")]
    cross_class_count = sum(pair["is_cross_class"] for pair in pairs)
    subject = "pair of images is" if count == 1 else "pairs of images are"
    text = f"{count:,} {subject} nearly identical"
    text += "." if has_own_split else "; both stay in the same split so that the test is fair."
    if cross_class_count:
        subject = (
            "The two are"
            if count == 1
            else "1 of them is"
            if cross_class_count == 1
            else f"{cross_class_count:,} of them are"
        )
        where = "with other labels" if multi_label else "in two classes"
        text += f" {subject} {where}: check which one is right."
    return Finding(text, bool(cross_class_count), names, True, True)


def show_suspicious(
    dataset: ImageDataset | None,
    suspicious: Sequence[Mapping[str, Any]],
    file: File | None = None,
    near: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Shows the suspicious labels with their images, and lets the user correct them.

    Args:
        dataset: the images; None if they are no longer stored.
        suspicious: entries of `studio.classify.data.audit.find_suspicious_labels`.
        file: the data set; None if it cannot be corrected.
        near: pairs of near-duplicates, which can be corrected in the same form.
    """
    is_correctable = dataset is not None and file is not None
    if dataset is not None and dataset.multi_hot is not None:
        st.caption(_NO_LABEL_CHECK)
    elif not suspicious:
        st.success("No label looks wrong.", icon=":material/check_circle:")
    else:
        advice = (
            "move or remove the wrong ones" if is_correctable else "move the wrong ones to the right folder"
        )
        st.markdown(
            f"**{amounts.format_count(len(suspicious), 'label')} to check**, the most suspicious first. "
            f"Some may be "
            f"right but hard to classify; {advice}, then train again."
        )
    if file is not None and dataset is not None:
        corrections.offer_corrections(file, dataset, suspicious, near)
        return
    captions = [
        f"{entry['label']}; predicted {entry['looks_like']}, {entry['confidence']:.0%}"
        for entry in suspicious
    ]
    if suspicious:
        evaluations.show_images([entry["name"] for entry in suspicious], captions, dataset)
