"""The building blocks of pages. Nothing here loads Keras."""

from pages.form.forms import form, start_button
from pages.form.image_input import image, images, optional
from pages.form.samples import guides, photos, styles
from pages.form.saved_settings import saved_settings
from pages.jobs.job_panel import job_panel
from pages.jobs.jobs import show_job, start, start_all
from pages.jobs.live import show_live
from pages.jobs.navigation import PAGES
from pages.jobs.recent import recent
from pages.widgets.css import MARK, apply_css, stage
from pages.widgets.owners import owner, reset_for_new_owner

__all__ = [
    "MARK",
    "PAGES",
    "apply_css",
    "form",
    "guides",
    "image",
    "images",
    "job_panel",
    "optional",
    "owner",
    "photos",
    "recent",
    "reset_for_new_owner",
    "saved_settings",
    "show_job",
    "show_live",
    "stage",
    "start",
    "start_all",
    "start_button",
    "styles",
]
