"""Lab: tiny networks that train in seconds, and their output for a drawing."""

import streamlit as st

from pages import parts
from pages.form import forms
from pages.lab import bench, doodles, dreams, input_form, inspection, training, under_the_hood

left, right = st.columns([4, 10], gap="large")
with left:
    st.title("Lab", anchor=False)
    st.caption("Tiny networks that train in seconds while you watch. Then draw.")
    kind = forms.ask_choice("Model", input_form.MODELS, key=input_form.MODEL_KEY, hide_label=True)
    settings = input_form.ask(kind)
    doodles.show_training_data()
with right:
    stage = parts.create_stage(left)
with stage:
    job = parts.show_job("lab.repair", settings, {"lab.imagine": None})
    networks = training.train_networks(settings, doodles.get_inputs()) if job is None and settings else []
    if networks:
        if kind == input_form.DREAMS:
            dreams.show(*networks)
        else:
            bench.show(networks)
            inspection.show(networks)
parts.show_recent("lab.repair", "lab.imagine")
under_the_hood.explain(kind, networks)
