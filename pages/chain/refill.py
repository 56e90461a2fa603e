"""Fills the form with the inputs of an earlier result."""

from pages.chain.input_form import TASK, list_results
from pages.form import samples
from pages.jobs.refill import Form

FORMS = (Form(task=TASK, offers={"content": samples.list_photos, "like": list_results}),)
