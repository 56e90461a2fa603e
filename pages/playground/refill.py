"""A learnt photo back into the form of the page."""

from __future__ import annotations

from pages.form import samples
from pages.jobs.refill import Form

FORMS = (Form(task="playground.train", offers={"content": samples.photos}),)
