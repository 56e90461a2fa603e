"""The polling interval of a page that shows a job, adapted to the speed of the job."""

from __future__ import annotations

import streamlit as st

from studio import engine

MIN_SECONDS, MAX_SECONDS = 0.5, 2.0  # between two polls
MIN_LONG_SECONDS = 1.0  # between two polls of a long job
LONG_SECONDS = 4.0  # after which a job counts as long
_MARGIN = 1.1  # hysteresis, because each change of the interval reruns the page


def update_interval(job: engine.Job) -> float:
    """Updates and returns the seconds between two polls of a job.

    A browser that redraws an image and a bar twice a second takes more than half of a core from the job, so
    only the first seconds are followed that closely. When a step takes longer than the interval, most polls
    show nothing new.

    Args:
        job: that the page shows.

    Returns:
        From `MIN_SECONDS` to `MAX_SECONDS`, unchanged unless the steps became clearly slower or faster.
    """
    key = f"speed:{job.id}"
    interval = st.session_state.get(key, MIN_SECONDS)
    report = job.report
    seconds = report.seconds_per_step if report else None
    if report and seconds is not None:
        shortest = MIN_LONG_SECONDS if report.seconds > LONG_SECONDS else MIN_SECONDS
        if interval < MAX_SECONDS and seconds > 2 * interval * _MARGIN:
            interval *= 2
        elif interval > shortest and seconds < interval / _MARGIN:
            interval /= 2
        st.session_state[key] = interval = max(interval, shortest)
    return interval
