"""The pieces that pages are made of. Nothing here loads Keras."""

from pages.form.forms import form, start_button
from pages.form.image_input import image, images, optional
from pages.form.samples import guides, photos, styles
from pages.form.saved_settings import saved_settings
from pages.jobs.job_panel import job_panel
from pages.jobs.jobs import show_job, start, start_all
from pages.jobs.live import show_live
from pages.jobs.navigation import PLACES
from pages.jobs.recent import recent
from pages.widgets.css import MARK, look, stage
from pages.widgets.owners import owner, start_again_for_another

__all__ = [
    "MARK",
    "PLACES",
    "form",
    "guides",
    "image",
    "images",
    "job_panel",
    "look",
    "optional",
    "owner",
    "photos",
    "recent",
    "saved_settings",
    "show_job",
    "show_live",
    "stage",
    "start",
    "start_again_for_another",
    "start_all",
    "start_button",
    "styles",
]
