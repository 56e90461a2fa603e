"""How often a page looks at a job: no more often than the job gets on."""

from __future__ import annotations

import streamlit as st

from studio import engine

OFTEN, SELDOM = 0.5, 2.0  # seconds between two looks
_CLEARLY = 1.1  # by how much the steps must have become slower or faster: each change draws the page again


def every(job: engine.Job) -> float:
    """The seconds between two looks at a job.

    A browser that draws an image and a bar again takes more than half of a core if it does so twice a second,
    which the job then lacks. Where a step takes longer than that, there is nothing new to be seen so often.

    Args:
        job: that is shown; how long its steps took so far decides.

    Returns:
        `OFTEN`, `SELDOM` or between; the same as last time unless its steps are clearly slower or faster.
    """
    key = f"speed:{job.id}"
    now = st.session_state.get(key, OFTEN)
    taken = job.report.seconds_a_step if job.report else None
    if taken is not None:
        if now < SELDOM and taken > 2 * now * _CLEARLY:
            now *= 2
        elif now > OFTEN and taken < now / _CLEARLY:
            now /= 2
        st.session_state[key] = now
    return now
