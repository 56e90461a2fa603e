"""Classify: trains, evaluates, applies and exports image classifiers."""

import streamlit as st

from pages import parts
from pages.classify import (
    audit,
    base_model,
    by_hand,
    classifiers,
    export,
    rate_finder,
    training,
    tryout,
    under_the_hood,
)
from pages.form import data_set_input
from studio.classify.settings import TrainClassifierSettings

data_set = settings = classifier = image = None
start_clicked = False
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Classify", anchor=False)
    half = classifiers.choose_half()
    if half == "train":
        export.show_training_note()
        data_set = data_set_input.choose(
            {by_hand.TITLE: by_hand.choose},
            on_change=by_hand.prepare_form,
            notes={by_hand.TITLE: by_hand.NOTE},
        )
        base = base_model.choose()
        settings = parts.ask_settings(
            TrainClassifierSettings,
            unshared=("size",),
            skip=base.skip,
            initial_values={} if base.inputs else by_hand.list_initial_values(),
            extra=base.extra,
            ask_extra=None if base.inputs else export.show_backbone_note,
            seed_mode="kept",
        )
        if data_set is not None and settings is not None:
            rate_finder.show(settings, {"data": [data_set.file]})
        parts.show_saved_settings(training.TASK, settings)
        is_ready = data_set is not None and settings is not None
        start_clicked = parts.show_start_button(":material/school:", "Train", is_ready)
    else:
        classifier = classifiers.choose()
        if classifier:
            export.show_share_button(classifier)
        image = tryout.choose(classifier) if classifier else None
with right:
    stage = parts.create_stage(left)
with stage:
    if half == "train":
        if start_clicked and data_set is not None and settings is not None:
            parts.start(training.TASK, settings, {"data": [data_set.file], **base.inputs})
        job = training.find(data_set)
        if job is not None:
            classifier = training.show(job, data_set)
        elif data_set is not None:
            with st.container(key="before_training"):  # the style sheet hides the link to a result
                audit.show_before_training({"data": [data_set.file], **base.inputs}, settings)
        elif by_hand.is_chosen():
            by_hand.show_classes()
    elif classifier is not None and image is not None:
        training.show_saved(classifier, image)
parts.show_recent(training.TASK)
under_the_hood.explain(
    classifier, data_set.file if data_set else None, settings.model_dump() if settings else {}
)
