"""The audit of a dataset before training: counts, broken files, duplicates, labels that look wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.classify import base_model, by_hand, corrections, data_sets, evaluations
from pages.form import estimates, seen_images
from pages.jobs import inline_jobs, results
from pages.widgets import weight_downloads, words
from studio.classify.settings import AuditSettings, TrainClassifierSettings
from studio.core import amounts
from studio.core.data import ImageDataset
from studio.core.tasks import File, Inputs

TASK, TRAIN = "classify.audit", "classify.train"
EACH = 4  # images of a class that are shown
MOST_CLASSES = 12  # of which images are shown
MOST_NAMED = 12


class Finding(NamedTuple):
    """One thing that was found: what it is and what to do, whether it matters, and which images it is."""

    sentence: str
    matters: bool = False
    names: Sequence[str] = ()
    shows_images: bool = False
    offered: bool = False  # below, to be put right


def before(inputs: Inputs, settings: TrainClassifierSettings | None) -> None:
    """Shows the data set that was chosen, as it is before it is trained.

    Args:
        inputs: of the training, perhaps with a model that looks.
        settings: of the training; None where they are wrong.
    """
    if settings is None:
        return
    looked = data_sets.with_facts(inputs["data"][0], base_model.side(inputs, settings))
    if looked is None:
        return
    images, facts = looked
    corrections.tell(inputs["data"][0])
    _counts(facts)
    by_hand.offer(inputs["data"][0], images)
    st.markdown(
        f"**Train** trains a classifier on these images{estimates.cost_in_words(TRAIN, settings, inputs)}."
    )
    examples(images)
    _findings(images, facts)
    if not inputs.get("model"):
        weight_downloads.first_run([settings.backbone])
    same = AuditSettings.model_fields.keys() & TrainClassifierSettings.model_fields.keys()
    wanted = AuditSettings.parse({name: getattr(settings, name) for name in same})
    job = inline_jobs.inline_job(
        TASK,
        wanted,
        inputs,
        "Look for wrong labels",
        ":material/troubleshoot:",
        "Trains a first classifier to find them; training is fast afterwards, because it reuses the features",
    )
    if job is not None:
        for note in results.of_job(job).figures.get("notes", ()) if inputs.get("model") else ():
            if note not in facts["notes"]:
                st.caption(f":material/info: {words.plain(note)}")
        found = results.of_job(job).figures.get("suspicious") or []
        doubted(images, found, inputs["data"][0], facts["near"])
    else:
        corrections.offer(inputs["data"][0], images, (), facts["near"])


def show(file: File, size: int, facts: Mapping[str, Any]) -> None:
    """An audit that was made by a job.

    Args:
        file: the data set.
        size: at which it was looked at.
        facts: the figures of the job.
    """
    images = data_sets.if_available(file, size)
    _counts(facts)
    _findings(images, facts)
    doubted(images, facts.get("suspicious") or [], file, facts["near"])


def _counts(facts: Mapping[str, Any]) -> None:
    classes = facts["classes"]
    least, middle, most = facts["sizes"]
    sides = f"{least:,} px" if least == most else f"{least:,} to {most:,} px, median {middle:,} px"
    told = f"**{facts['images']:,} images in {len(classes):,} classes**, shorter side {sides}."
    st.markdown(told)
    if classes:
        st.altair_chart(_bars(classes), width="stretch")


def _bars(classes: Sequence[Mapping[str, Any]]) -> Any:
    import altair as alt

    base = alt.Chart(alt.Data(values=list(classes))).encode(
        y=alt.Y("name:N", title=None, sort=None, axis=alt.Axis(labelLimit=140)),
        x=alt.X("count:Q", axis=None),
        tooltip=["name:N", "count:Q"],
    )
    numbers = base.mark_text(align="left", dx=4, color="gray").encode(text="count:Q")
    return (base.mark_bar(cornerRadiusEnd=3) + numbers).properties(height=alt.Step(26))


def examples(dataset: ImageDataset) -> None:
    """A few images of each class."""
    if dataset.labels is None:
        return
    for label, name in list(enumerate(dataset.classes))[:MOST_CLASSES]:
        rows = np.flatnonzero(dataset.labels == label)[:EACH]
        there = [seen_images.small(dataset.images[row]) for row in rows]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            for image in there:
                st.image(image, width=72, alt=name)
            st.caption(words.plain(name))


def _findings(dataset: ImageDataset | None, facts: Mapping[str, Any]) -> None:
    """One sentence each, those that matter first, with their images to open."""
    found = sorted(findings(facts), key=lambda one: not one.matters)
    if not found:
        st.success("No missing, broken or duplicate images.", icon=":material/check_circle:")
    for one in found:
        icon = ":material/warning:" if one.matters else ":material/info:"
        if not one.names or (one.offered and dataset is not None):
            st.markdown(f"{icon} {one.sentence}")
            continue
        with st.expander(one.sentence, icon=icon):
            if one.shows_images and dataset is not None:
                evaluations.grid(one.names, one.names, dataset)
            else:
                left = len(one.names) - MOST_NAMED
                st.text("\n".join(one.names[:MOST_NAMED]) + (f"\nand {left:,} more" if left > 0 else ""))


def findings(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """What was found, each with what to do."""
    for warning in facts["warnings"]:
        if "nearly the same image" not in warning:  # which is told below, with the images
            yield Finding(words.plain(warning), True)
    if count := facts["broken_count"]:
        what = "broken image file was" if count == 1 else "broken image files were"
        yield Finding(f"{count:,} {what} left out. Save them again to include them.", True, facts["broken"])
    if count := facts["copies_count"]:
        copies = [f"{copy} is the same as {kept}" for copy, kept in facts["copies"]]
        what = "exact duplicate was" if count == 1 else "exact duplicates were"
        yield Finding(f"{count:,} {what} left out, so that each image counts once.", False, copies)
    if count := facts["near_count"]:
        yield _near(count, facts["near"])
    if (count := facts["small_count"]) * 2 <= facts["images"] and count:
        yield Finding(
            f"{count:,} images are smaller than the input size; larger ones would give more detail.",
            False,
            facts["small"],
            True,
        )
    for note in facts["notes"]:
        listed = ("not intact images", "of other images left out")
        if not any(part in note for part in listed):
            yield Finding(words.plain(note))


def _near(count: int, pairs: Sequence[Mapping[str, Any]]) -> Finding:
    names = [pair[side] for pair in pairs for side in ("first", "second")]
    across = sum(pair["across"] for pair in pairs)
    what = "pair of images is" if count == 1 else "pairs of images are"
    told = f"{count:,} {what} nearly identical; both stay in the same split so that the test is fair."
    if across:
        where = "The two are" if count == 1 else "1 of them is" if across == 1 else f"{across:,} of them are"
        told += f" {where} in two classes: check which one is right."
    return Finding(told, bool(across), names, True, True)


def doubted(
    dataset: ImageDataset | None,
    found: Sequence[Mapping[str, Any]],
    file: File | None = None,
    near: Sequence[Mapping[str, Any]] = (),
) -> None:
    """The labels that look wrong, each with its image and what it looks like, to be put right.

    Args:
        dataset: of the data set; None where it is gone.
        found: as `studio.classify.data.audit.suspicious` has them.
        file: the data set; None where it is only looked at.
        near: pairs that are nearly the same, to be put right besides.
    """
    change = dataset is not None and file is not None
    if not found:
        st.success("No label looks wrong.", icon=":material/check_circle:")
    else:
        wrong = "move or remove the wrong ones" if change else "move the wrong ones to the right folder"
        st.markdown(
            f"**{amounts.count(len(found), 'label')} to check**, the most suspicious first. Some may be "
            f"right but hard to classify; {wrong}, then train again."
        )
    if file is not None and dataset is not None:
        corrections.offer(file, dataset, found, near)
        return
    captions = [f"{one['label']}; predicted {one['looks_like']}, {one['confidence']:.0%}" for one in found]
    if found:
        evaluations.grid([one["name"] for one in found], captions, dataset)
