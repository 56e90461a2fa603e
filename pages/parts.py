"""The building blocks of pages. Nothing here loads Keras."""

from pages.form.forms import ask_settings, is_variants_clicked, show_start_button
from pages.form.image_input import choose_image, choose_images, choose_optional_image
from pages.form.samples import list_guides, list_photos, list_styles
from pages.form.saved_settings import show_saved_settings
from pages.jobs.jobs import show_job, start, start_all
from pages.jobs.live import show_live
from pages.jobs.navigation import PAGES
from pages.jobs.recent import show_recent
from pages.jobs.seed_variants import start as start_variants
from pages.widgets.css import create_stage
from pages.widgets.owners import get_owner
