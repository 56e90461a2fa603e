"""The polling interval of a page that shows a job, adapted to the speed of the job."""

from __future__ import annotations

import streamlit as st

from studio import engine

OFTEN, SELDOM = 0.5, 2.0  # seconds between two polls
_MARGIN = 1.1  # hysteresis, because each change of the interval reruns the page


def every(job: engine.Job) -> float:
    """Returns the seconds between two polls of a job.

    A browser that redraws an image and a bar twice a second takes more than half of a core from the job. When
    a step takes longer than the interval, most polls show nothing new.

    Args:
        job: that the page shows.

    Returns:
        A value from `OFTEN` to `SELDOM`, unchanged unless the steps became clearly slower or faster.
    """
    key = f"speed:{job.id}"
    interval = st.session_state.get(key, OFTEN)
    seconds = job.report.seconds_per_step if job.report else None
    if seconds is not None:
        if interval < SELDOM and seconds > 2 * interval * _MARGIN:
            interval *= 2
        elif interval > OFTEN and seconds < interval / _MARGIN:
            interval /= 2
        st.session_state[key] = interval
    return interval
