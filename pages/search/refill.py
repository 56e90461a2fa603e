"""A search back into the form of the page: the training, what it learns from, what varies and how far."""

from __future__ import annotations

from pages.jobs.refill import Form
from pages.search import input_form, trials

FORMS = (Form(task=trials.TASK, can_take=input_form.can_put, fill=input_form.put),)
