"""Fills the form with the network, layer and channel of an earlier feature map or filter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.form import mask_choice, samples
from pages.jobs.refill import Form
from pages.xray import branches, filter_view, input_form
from studio import engine
from studio.core.errors import StudioError
from studio.xray.settings import FilterSettings, XraySettings, check, check_filter


def _can_take_map(job: engine.Job, settings: XraySettings) -> bool:
    return _is_valid(check, settings) and mask_choice.can_take(job, settings)


def _fill_map(job: engine.Job, settings: XraySettings) -> None:
    st.session_state["layer"] = settings.layer_name
    branches.fill(settings.off)
    mask_choice.fill(settings.mask, job)


def _is_valid(check: Callable[[Any, Any], None], settings: Any) -> bool:
    """Returns whether the network of settings has their layer and channel."""
    try:
        check(settings, {})
    except StudioError:
        return False
    return True


def _convert_filter(settings: FilterSettings) -> XraySettings:
    """Returns the settings of the feature map of a filter."""
    shared = settings.model_dump(include={"layer", "channel", "across", "down", "size"})
    return XraySettings.parse({"backbone": "vgg16", "field": True, **shared})


def _fill_filter(job: engine.Job, settings: FilterSettings) -> None:
    st.session_state["layer"] = settings.layer
    branches.fill(())
    filter_view.fill(settings)


_OFFERS: Any = {"content": samples.list_photos}
FORMS = (
    Form(
        task=input_form.TASK,
        offers=_OFFERS,
        can_take=_can_take_map,
        clear=mask_choice.clear,
        fill=_fill_map,
    ),
    Form(
        task=filter_view.TASK,
        offers=_OFFERS,
        can_take=lambda _job, settings: _is_valid(check_filter, settings),
        convert=_convert_filter,
        clear=mask_choice.clear,
        fill=_fill_filter,
    ),
)
