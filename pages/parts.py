"""The building blocks of pages. Nothing here loads Keras."""

from pages.form.forms import ask_settings, is_variants_clicked, show_start_button
from pages.form.image_input import choose_image, choose_images, choose_optional_image
from pages.form.samples import list_guides, list_photos, list_styles
from pages.form.saved_settings import show_saved_settings
from pages.jobs.job_panel import show_job_line, show_job_panel
from pages.jobs.jobs import show_job, start, start_all
from pages.jobs.live import show_live
from pages.jobs.navigation import PAGES
from pages.jobs.recent import show_recent
from pages.jobs.seed_variants import start as start_variants
from pages.widgets.css import LOGO, apply_css, create_stage
from pages.widgets.owners import get_owner, reset_for_new_owner

__all__ = [
    "LOGO",
    "PAGES",
    "apply_css",
    "ask_settings",
    "choose_image",
    "choose_images",
    "choose_optional_image",
    "create_stage",
    "get_owner",
    "is_variants_clicked",
    "list_guides",
    "list_photos",
    "list_styles",
    "reset_for_new_owner",
    "show_job",
    "show_job_line",
    "show_job_panel",
    "show_live",
    "show_recent",
    "show_saved_settings",
    "show_start_button",
    "start",
    "start_all",
    "start_variants",
]
