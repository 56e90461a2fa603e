"""Variants: small drafts that differ only in their seed, in a grid; the form takes the seed of the best one."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from pages.form import samples, seeds
from pages.jobs import queue_controls
from pages.jobs.starting import start_all
from pages.widgets import browser_images, css, keys, words
from pages.widgets.owners import get_owner
from studio import engine
from studio.core.errors import StudioError
from studio.core.settings import Settings
from studio.core.tasks import Inputs
from studio.engine import Batch

COUNT = 4
SIZE = 256  # px of the longer side of a draft
WATCH_SECONDS = 1.0
_BATCH_PREFIX = "variants-"  # of the names of these batches
