"""Lab: tiny networks that train in seconds, and their output for a drawing."""

import streamlit as st

from pages import parts
from pages.form import forms
from pages.lab import bench, doodles, dreams, input_form, insides, teaching, under_the_hood

left, right = st.columns([4, 10], gap="large")
with left:
    st.title("Lab", anchor=False)
    st.caption("Tiny networks that train in seconds while you watch. Then draw.")
    what = forms.one_of("Model", input_form.WHAT, key="taught", hidden=True)
    asked = input_form.ask(what)
    doodles.tell()
with right:
    stage = parts.stage(left)
with stage:
    job = parts.show_job("lab.repair", asked, {"lab.imagine": None})
    taught = teaching.networks(asked, doodles.inputs()) if job is None and asked else []
    if taught:
        if what == input_form.DREAMS:
            dreams.show(*taught)
        else:
            bench.show(taught)
            insides.show(taught)
parts.recent("lab.repair", "lab.imagine")
under_the_hood.explain(what, taught)
