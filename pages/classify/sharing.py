"""Sharing a classifier as one HTML page."""

from __future__ import annotations

import streamlit as st

from pages.classify import classifiers
from pages.classify.classifiers import Classifier
from pages.form import forms
from pages.widgets import share_button, words
from studio.classify.export.shared_page import BACKBONE
from studio.classify.settings import TrainClassifierSettings


def show(classifier: Classifier) -> None:
    """Draws the menu that saves a kept classifier as a page; nothing for others."""
    if classifier.preset:
        share_button.show(classifier.preset, key="share", show_remedy=_offer_training)


def _offer_training() -> None:
    st.button(f"Train on {words.choice_label(BACKBONE)}", icon=":material/school:", on_click=_open_training)


def _open_training() -> None:
    """Opens "Train" with the backbone whose classifiers have pages."""
    forms.set_value(TrainClassifierSettings, "backbone", BACKBONE)
    st.session_state[classifiers.HALF_KEY] = "train"
