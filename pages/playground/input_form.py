"""How the forms of the playground are refilled, and what Start does."""

from __future__ import annotations

from pages.form import estimates, samples
from pages.jobs.refill import Form
from pages.playground import photo, points
from studio.core import amounts
from studio.core.tasks import Inputs
from studio.playground.settings import NetworkSettings

FORMS = (
    Form(task=photo.TASK, offers={"content": samples.list_photos}),
    Form(task=points.TASK, clear=points.clear, fill=points.fill),
)


def show_start_preview(task: str, inputs: Inputs, settings: NetworkSettings) -> None:
    """Shows the photo, if there is one, and one line that says what Start does."""
    action = f"trains the network and renders the image at {settings.size} px"
    if settings.frames:
        length = amounts.format_duration(max(settings.frames / settings.fps, 1))
        action = f"records training in {settings.frames} frames, {length} long"
    estimates.show_start(next(iter(inputs.get("content", ())), None), action, task, settings, inputs)
