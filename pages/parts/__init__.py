"""The pieces that pages are made of. Nothing here loads Keras."""

from pages.parts.choices import optional, picture, pictures
from pages.parts.forms import form, start_button
from pages.parts.jobs import show_job, start
from pages.parts.live import show_live
from pages.parts.looks import MARK, look, stage
from pages.parts.owners import owner, start_anew_for_another
from pages.parts.places import PLACES
from pages.parts.recents import recent
from pages.parts.samples import guides, photos, styles
from pages.parts.trays import tray

__all__ = [
    "MARK",
    "PLACES",
    "form",
    "guides",
    "look",
    "optional",
    "owner",
    "photos",
    "picture",
    "pictures",
    "recent",
    "show_job",
    "show_live",
    "stage",
    "start",
    "start_anew_for_another",
    "start_button",
    "styles",
    "tray",
]
