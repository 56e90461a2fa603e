"""The model that a training run starts from: a new one, or one of the studio or of the user."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import streamlit as st

from pages.form import forms
from studio.core.tasks import Inputs
from studio.run import input_files


@dataclass(frozen=True)
class StartModel:
    """What a training run starts from.

    Attributes:
        task: the training task.
        name: of the model; "" for a new one.
        fixed: settings that the model determines, so the form leaves them out.
        proposed: initial values of other settings of the form.
    """

    task: str
    name: str = ""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    proposed: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def inputs(self) -> Inputs:
        """The job input with the model; {} for a new one. Raises `StudioError` if the model is damaged."""
        return input_files.read_start_model(self.task, self.name)


def ask_name(names: Sequence[str], make_title: Callable[[str], str], *, key: str, help: str) -> str:
    """Asks for the model to start from. Returns its name; "" for a new one.

    Args:
        names: of the models and of the new one, the preselected one first.
        make_title: returns the title of a name.
        key: of the widget and in the address.
        help: tooltip.
    """
    forms.drop_stale_choice(key, names)
    return st.selectbox("Start from", names, format_func=make_title, key=key, bind="query-params", help=help)
