"""Under the hood of Faces: a map of the grid in latent space, and training figures of the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.faces import comparison, denoising, sliders, training_stages
from pages.widgets import assets, curves, under_the_hood
from studio import engine
from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.generators.directions import make_title
from studio.core.models import presets
from studio.faces.settings import FacesSettings

_TEXT_FILES = {"vae.train": "vae.md", "dcgan.train": "gan.md", "diffusion.train": "diffusion.md"}
_IMAGE_SETS = {"made": "generated", "held out": "held out"}
# Titles of the losses by name, and what they are; the first group that a model has is shown.
_CURVES = (
    ({"loss": "training", "validation": "validation"}, "The loss on training images and on held-out images."),
    (
        {"generator": "generator", "discriminator": "discriminator"},
        "The losses of the generator and the discriminator during training.",
    ),
)


def explain(preset: str, grid: engine.Live | None, settings: FacesSettings | None) -> None:
    """Draws the folded section, with a map of the grid if there is one.

    Args:
        preset: name of the model, or "".
        grid: the grid that is shown, or None.
        settings: of the grid, with the number of the chosen face; None if they are invalid.
    """
    section = under_the_hood.create_section()
    if not section.open:
        return
    with section:
        model = _find_preset(preset)
        task, figures = (model.task, model.read_data().get("figures") or {}) if model else ("", {})
        texts = [assets.read(__file__, "under_the_hood.md")]
        if task in _TEXT_FILES:
            texts.append(read_generator_text(task))
        under_the_hood.show_side_by_side(lambda: _draw_model(model, grid, settings, figures), *texts)
        comparison.show(preset)
        st.markdown("**Training progress**")
        training_stages.show(model, "stage")


def read_generator_text(task: str) -> str:
    """Returns a Markdown text on how a generator is trained, for a task such as "dcgan.train"."""
    return assets.read(__file__, _TEXT_FILES[task])


def _find_preset(preset: str) -> presets.Preset | None:
    try:
        return presets.find(preset) if preset else None
    except StudioError:
        return None


def _draw_model(
    model: presets.Preset | None,
    grid: engine.Live | None,
    settings: FacesSettings | None,
    figures: Mapping[str, Any],
) -> None:
    projections = grid.figures.get("places") if grid is not None else None
    if model and tasks.get(model.task).denoises:
        if settings is not None:
            denoising.show(settings)
    elif not projections or model is None:
        st.caption("After you generate a grid, a map of its latent vectors appears here.")
    else:
        names = list(sliders.load_directions(model.name))[:2]
        axes = [make_title(name) for name in names] if len(names) == 2 else ["latent 1", "latent 2"]
        st.altair_chart(_build_map(projections, axes, settings.face if settings else 0), width="stretch")
        st.caption("The grid in latent space, projected on two directions; the chosen face is larger.")
    draw_training(figures)


def draw_training(figures: Mapping[str, Any]) -> None:
    """Draws the training figures of a model: losses, KL divergence by latent, and nearest neighbors."""
    curve = figures.get("curve") or {}
    titles, explanation = next((group for group in _CURVES if next(iter(group[0])) in curve), _CURVES[-1])
    rows = curves.list_rows(curves.list_reports(curve), titles)
    curves.show_lines(rows, "loss", caption=explanation)
    divergences = sorted((float(nats) for nats in figures.get("kl") or ()), reverse=True)
    if divergences:
        st.altair_chart(_build_kl_chart(divergences), width="stretch")
        st.caption(
            "The KL divergence of each latent from a standard normal, in nats: a latent near 0 carries "
            "nothing about the image."
        )
    if {"nearest", "nearest_held_out"} <= figures.keys():
        st.markdown(_describe_copies(figures))
    if rows := _list_distance_rows(figures.get("distances") or {}):
        st.altair_chart(_build_distance_chart(rows), width="stretch")
        st.caption(
            "The distance of generated images, and of held-out real ones, from their nearest training image."
        )


def _describe_copies(figures: Mapping[str, Any]) -> str:
    """Returns the distances to nearest training images as Markdown, which show whether images are copies."""
    if searched := figures.get("learned_n"):
        scope, limit = f"among all {searched:,}", "If most were copies, the first distance would be near 0."
    elif {"images", "held_out", "real_n"} <= figures.keys():
        total = figures["images"] - figures["held_out"]
        scope, limit = (
            f"of {figures['real_n']:,} of the {total:,}",
            "Copies of the other images would not show.",
        )
    else:
        scope, limit = "among some", "Copies of the other images would not show."
    split_note = ""
    if {"images", "held_out"} <= figures.keys():
        split_note = f" Of the {figures['images']:,} images, {figures['held_out']:,} are in the test split."
    return (
        f"**Are they copies?** A generated image is **{figures['nearest']:.1f}** away from its nearest "
        f"training image {scope}, a held-out real image **{figures['nearest_held_out']:.1f}** (median "
        f"distances between InceptionV3's features). {limit}{split_note}"
    )


def _build_map(projections: Sequence[Sequence[float]], axes: Sequence[str], face: int) -> Any:
    import altair as alt

    rows = [
        {"x": x, "y": y, "number": n, "which": "chosen" if n == face else "others"}
        for n, (x, y) in enumerate(projections, 1)
    ]
    limit = max(3.2, *(abs(value) for point in projections for value in point))
    scale = alt.Scale(domain=[-limit, limit])
    points = (
        alt.Chart(alt.Data(values=rows))
        .mark_point(filled=True, opacity=0.85)
        .encode(
            x=alt.X("x:Q", title=axes[0], scale=scale),
            y=alt.Y("y:Q", title=axes[1], scale=scale),
            color=alt.Color("which:N", title=None, sort=["others", "chosen"], legend=None),
            shape=alt.Shape("which:N", sort=["others", "chosen"], legend=None),
            size=alt.Size(
                "which:N", scale=alt.Scale(domain=["others", "chosen"], range=[60, 240]), legend=None
            ),
            order=alt.Order("which:N", sort="descending"),
            tooltip=["number:Q"],
        )
    )
    return points.properties(height=300)


def _list_distance_rows(distances: Mapping[str, Sequence[float]]) -> list[dict[str, Any]]:
    edges = distances.get("edges") or ()
    return [
        {"from": low, "to": high, "images": title, "share": share}
        for name, title in _IMAGE_SETS.items()
        for low, high, share in zip(edges, edges[1:], distances.get(name) or (), strict=False)
    ]


def _build_distance_chart(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    return (
        alt.Chart(alt.Data(values=rows))
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=alt.X("from:Q", title="distance", axis=alt.Axis(grid=False), scale=alt.Scale(zero=False)),
            y=alt.Y("share:Q", title="share", axis=alt.Axis(format="%")),
            color=alt.Color("images:N", title=None, legend=alt.Legend(orient="top")),
            strokeDash=alt.StrokeDash("images:N", title=None),
            tooltip=["images:N", "from:Q", "to:Q", alt.Tooltip("share:Q", format=".1%")],
        )
        .properties(height=220)
    )


def _build_kl_chart(divergences: Sequence[float]) -> Any:
    import altair as alt

    rows = [{"number": n, "nats": nats} for n, nats in enumerate(divergences, 1)]
    return (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X(
                "number:O",
                title="latent dimension, highest KL first",
                axis=alt.Axis(labels=False, ticks=False),
            ),
            y=alt.Y("nats:Q", title="nats"),
            tooltip=["number:O", alt.Tooltip("nats:Q", format=".3f")],
        )
        .properties(height=200)
    )
