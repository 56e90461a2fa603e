"""Training progress of a generator: images from fixed latents at each stage, and discriminator scores."""

from __future__ import annotations

import streamlit as st

from pages.widgets import browser_images, curves, keys, words
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.models.presets import Preset
from studio.core.training.stages import StageMetrics, cut_sheet

_SCORE_TITLES = {"mark": "generated images", "real": "real images"}
# Shipped models whose stages were recorded before stages used the EMA of the weights.
_LIVE_WEIGHT_STAGES = ("digits-vae", "faces-vae")
_LOSS_TEXTS = {
    "loss": "loss {:.3f}",
    "generator": "generator loss {:.2f}",
    "discriminator": "discriminator loss {:.2f}",
    "reconstruction": "reconstruction loss {:,.0f} nats",
    "kl": "KL divergence {:,.0f} nats",
}


def show(preset: Preset | None, key: str) -> None:
    """Shows a slider over the training stages of a model, or a note if it has none.

    Args:
        preset: the model, or None.
        key: of the slider.
    """
    sheet = preset.read_stages() if preset else None
    metrics: StageMetrics = preset.read_data().get("stages") or {} if preset else {}
    if sheet is None or not metrics.get("steps"):
        st.caption(
            "This model has no images from its training. The avatars model has them, and so does every model "
            "that you train on **Train a generator**."
        )
        return
    try:
        draw_stages(sheet, metrics, key)
        if preset and preset.read_data().get("figures", {}).get("density_parts"):
            st.caption(
                "Each stage is drawn from the standard normal prior. The page draws from a mixture of "
                "normals, fitted to the latents of the training images after training (Ghosh et al. 2020, "
                "[arXiv:1903.12436](https://arxiv.org/abs/1903.12436)), so its images are better than these."
            )
        if preset and preset.name in _LIVE_WEIGHT_STAGES:
            st.caption(
                "These stages were recorded with the live weights of the last long training run, which began "
                "with a trained model. The model itself has an EMA of the weights, whose images vary less; "
                "new training runs record images of the EMA."
            )
    except StudioError as error:  # The sheet is damaged or has another number of grids.
        st.caption(words.escape(str(error)))


def draw_stages(sheet: bytes, metrics: StageMetrics, key: str) -> None:
    """Draws the slider, the grid of its stage, and the scores of all stages.

    Args:
        sheet: a WebP of the grids of all stages.
        metrics: figures by name, one value per stage; "steps" is one of them.
        key: of the slider.
    """
    steps = [int(step) for step in metrics["steps"] if step is not None]
    selected_step = steps[-1]
    if len(steps) > 1:
        selected_step = st.select_slider(
            "Training step", steps, value=selected_step, key=keys.part(key, steps[-1])
        )
    stage = steps.index(selected_step)
    caption = describe_stage(metrics, stage)
    browser_images.show_with_caption(_cut_grid(sheet, stage, len(steps)), width="content", caption=caption)
    curves.show_lines(
        curves.list_rows(curves.list_reports(metrics), _SCORE_TITLES),
        "discriminator score",
        caption="The mean probability of being real that the discriminator gave to generated and to real "
        "images. Where the lines meet, the discriminator cannot tell them apart.",
    )


def describe_stage(metrics: StageMetrics, stage: int) -> str:
    """Returns the figures of a stage as a sentence."""
    values = {name: column[stage] for name, column in metrics.items() if stage < len(column)}
    parts = [text.format(values[name]) for name, text in _LOSS_TEXTS.items() if values.get(name) is not None]
    if values.get("mark") is not None:
        real = f", to real ones {values['real']:.0%}" if values.get("real") is not None else ""
        parts = [f"the discriminator gives generated images {values['mark']:.0%}{real}", *parts]
    return f"Step {values['steps']:,.0f}: {words.join(parts)}" if parts else "Generated images"


@st.cache_data(max_entries=64, show_spinner=False)
def _cut_grid(sheet: bytes, stage: int, stages: int) -> bytes:
    """Returns the grid of one stage as a PNG, each pixel doubled."""
    return image_io.encode_png(cut_sheet(sheet, stages)[stage].repeat(2, axis=0).repeat(2, axis=1))
