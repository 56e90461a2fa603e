"""Saves a result of the Lab in the gallery."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.jobs import live, starting
from pages.lab.trained_network import TrainedNetwork
from studio import engine
from studio.core import tasks
from studio.core.imaging import image_io
from studio.core.settings import Settings
from studio.core.tasks import File
from studio.engine import admission


def keep(task: str, settings: Settings, drawing: np.ndarray, network: TrainedNetwork) -> None:
    """Makes a result from a drawing and saves it; as a job if it takes long: it trains the network again.

    Args:
        task: of the result.
        settings: of the task.
        drawing: `(H, W, 3) uint8`.
        network: whose training inputs are used.
    """
    drawing_file = File.store(image_io.encode_png(drawing), "image", "drawing.png")
    inputs = {**network.result.inputs, "content": [drawing_file]}
    seconds = admission.estimate_seconds(tasks.get(task), settings, inputs)
    if seconds is not None and seconds > admission.MAX_LIVE_SECONDS:
        starting.start(task, settings, inputs, on_start=_announce)
    elif (result := live.make_result(task, settings, inputs, "lab")) is not None:
        live.save(result)


def _announce(job: engine.Job) -> None:
    st.toast(f"{tasks.get(job.task).title} trains the network again as a job. It will be in the gallery.")
