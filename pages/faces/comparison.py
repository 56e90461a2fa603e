"""A table of the shipped generators of the same images: GAN, VAE and diffusion model side by side."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.faces.models import KINDS
from studio.core.weights import index
from studio.core.weights.index import ShippedModel

_EXPLANATION = (
    "*FID* and *KID* are distances between the features of generated and real images; lower is better. "
    "*Precision* is the share of generated images that look real, *recall* the share of real images that the "
    "model could generate; higher is better for both. *Network passes* is how often the network runs for an "
    "image."
)
_UNEQUAL = "An FID depends on the number of images: compare only models with the same number."


def show(name: str) -> None:
    """Draws the table if the studio ships several models that were trained on the images of this one."""
    rows = list_rows(name)
    if len(rows) < 2:
        return
    st.markdown("**Compared with the other models of these images**")
    st.dataframe(rows, hide_index=True, width="stretch", placeholder="–")
    st.caption(_EXPLANATION if len({row["Images"] for row in rows}) == 1 else f"{_EXPLANATION} {_UNEQUAL}")


def list_rows(name: str) -> list[dict[str, Any]]:
    """Returns the metrics of the shipped models that were trained on the images of this model, by FID."""
    shipped = index.load().presets
    if name not in shipped:
        return []
    same = [
        (other, model)
        for other, model in shipped.items()
        if model.trained_on == shipped[name].trained_on and "fid" in model.figures
    ]
    return [_make_row(*pair) for pair in sorted(same, key=lambda pair: pair[1].figures["fid"])]


def _make_row(name: str, model: ShippedModel) -> dict[str, Any]:
    figures = model.figures
    return {
        "Model": name,
        "Kind": KINDS[model.task.partition(".")[0]],
        "FID": round(figures["fid"], 1),
        "KID": round(figures["kid"], 4),
        "Precision": round(figures["precision"], 2),
        "Recall": round(figures["recall"], 2),
        "Images": figures["n"],
        "Parameters": figures["parameters"],
        "Network passes": figures.get("sampling_steps", 1),
    }
