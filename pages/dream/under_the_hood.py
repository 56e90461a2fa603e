"""Under the hood of Dream: gradient ascent, octaves and jitter, with the figures of this run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.recorded import runs
from pages.widgets import assets, browser_images, curves, under_the_hood


def explain(job: Any) -> None:
    """Draws the folded section from this dream, or from a recorded one until there is one."""
    under_the_hood.show_section(lambda: _draw_run(job), assets.read(__file__, "under_the_hood.md"))


def _draw_run(job: Any) -> None:
    run = runs.run_of_job(job) if job is not None and job.history else runs.load("dream")
    run.show_label()
    curves.show_losses(run.history, caption="Objective over steps; it drops at the start of each octave")
    octaves = run.figures.get("octaves")
    if not octaves or not run.image:
        st.caption("The octaves of a single image are shown here; a video works through some at every frame.")
        return
    st.altair_chart(_build_octave_chart(octaves), width="stretch")
    st.caption("The objective at each octave, before its first step and after its last.")
    st.html(_build_octave_html(octaves, run.image))
    st.caption("The octaves to scale: the smallest copy was dreamed first, the whole image last.")


def _build_octave_chart(octaves: Sequence[dict[str, float]]) -> Any:
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"octave": f"{at['width']} × {at['height']}", "when": when, "value": at[when], "order": number}
        for number, at in enumerate(octaves)
        for when in ("before", "after")
    ]
    is_log = all(row["value"] > 0 for row in rows)  # With negative weights values can be below 0.
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("octave:N", title="px", sort=alt.SortField("order")),
        x=alt.X("value:Q", title="activation", scale=alt.Scale(type="log" if is_log else "linear")),
    )
    line = base.mark_line(strokeWidth=2, color="gray").encode(detail="octave:N")
    points = base.mark_point(size=110, filled=True, opacity=1).encode(
        color=alt.Color("when:N", title=None, sort=["before", "after"], legend=alt.Legend(orient="top")),
        shape=alt.Shape("when:N", title=None, sort=["before", "after"]),
        tooltip=["octave:N", "when:N", alt.Tooltip("value:Q", format=".3g")],
    )
    return (line + points).properties(height=60 + 34 * len(octaves))


def _build_octave_html(octaves: Sequence[dict[str, float]], image: bytes) -> str:
    """Returns HTML with each octave as a frame over the image, to scale, all from the same corner."""
    largest = octaves[-1]
    frames = "".join(
        f'<div class="octave" style="width:{100 * at["width"] / largest["width"]:.2f}%; '
        f'height:{100 * at["height"] / largest["height"]:.2f}%"><span>{at["width"]:.0f} px</span></div>'
        for at in octaves
    )
    ratio = f"{largest['width'] / largest['height']:.4f}"
    tag = f'<img alt="" src="{browser_images.to_data_url(image)}">'
    style = assets.render_style(__file__, "octaves.css")
    return f'{style}<div class="octaves" style="aspect-ratio:{ratio}">{tag}{frames}</div>'
