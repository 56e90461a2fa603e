"""The layers of a classifier: a diagram by resolution, and Keras' `model.summary()`."""

from __future__ import annotations

import html

import streamlit as st

from pages.classify.classifiers import Classifier
from pages.jobs import live
from pages.widgets import assets, layer_strip, weight_downloads, words
from studio import engine
from studio.classify.settings import SummarizeSettings

TASK = "classify.summarize"
_STYLE = assets.render_style(__file__, "network.css")
_EXPLANATION = (
    "Each block is a stage: the layers whose maps have the same size, from input to output. Below it: its "
    "last layer, map size, channels and parameters."
)


def show(classifier: Classifier) -> None:
    """Shows the diagram and the summary."""
    if engine.connect().status() != "ready":
        live.show_warm_up()
        return
    if missing := weight_downloads.list_missing(classifier.needs):
        weight_downloads.offer_download(missing)
        return
    settings = SummarizeSettings.parse(classifier.model_settings)
    with st.spinner("Loading the network ..."):
        result = live.make_result(TASK, settings, classifier.inputs, "summary")
    if result is None:
        return
    layer_strip.show(result.figures["stages"], _EXPLANATION)
    st.markdown("**Summary**", help="The text of Keras' `model.summary()`, after cropping and preprocessing")
    # Not `st.code`, whose text cannot be scrolled by keys.
    text = html.escape(result.data.decode())
    attributes = 'class="network-summary" tabindex="0" role="region" aria-label="Summary"'
    st.html(f"{_STYLE}<pre {attributes}>{text}</pre>")
    st.download_button(
        "Save as text",
        result.data,
        file_name=words.make_file_name(f"{classifier.title} summary", ".txt"),
        mime="text/plain",
        icon=":material/download:",
        on_click="ignore",
        key="network_summary",
    )
