"""Fields that requests and untrusted files fill have few items, and few errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import pytest
from pydantic import AfterValidator, BaseModel, FailFast, TypeAdapter, ValidationError

from studio.api import request_models
from studio.core import recipes, tasks
from studio.core.settings import Settings
from studio.core.untrusted.few_items import at_most
from studio.engine.jobs import records
from studio.imported import facts
from studio.tune.by_preference import search_store

STORED = (
    recipes.Recipe,
    records.Request,
    records.Marks,
    records._Figures,
    facts.Facts,
    search_store.PreferenceSearch,
)


def test_a_large_object_is_refused_before_its_items_are_validated():
    validated = []
    kind = Annotated[dict[str, Annotated[int, AfterValidator(validated.append)]], at_most(2)]
    assert TypeAdapter(kind).validate_python({"a": 1, "b": 2}) and len(validated) == 2
    with pytest.raises(ValidationError, match="at most 2 items"):
        TypeAdapter(kind).validate_python({"a": 1, "b": 2, "c": 3})
    assert len(validated) == 2


def find_slow_lists(schema: object) -> Iterator[str]:
    """Yields the lists in a pydantic schema that keep an error of each item."""
    if isinstance(schema, dict):
        kind = schema.get("type")
        is_open = kind in ("list", "set", "frozenset") or (
            kind == "tuple" and "variadic_item_index" in schema
        )
        if is_open and not schema.get("fail_fast"):
            yield str(schema)[:200]
        schema = list(schema.values())
    for part in schema if isinstance(schema, list | tuple) else ():
        yield from find_slow_lists(part)


def list_request_models() -> list[type[BaseModel]]:
    return [
        kind
        for kind in vars(request_models).values()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    ]


@pytest.mark.parametrize("model", [*list_request_models(), *STORED], ids=lambda model: model.__name__)
def test_lists_of_requests_and_stored_files_stop_at_the_first_error(model):
    assert not list(find_slow_lists(model.__pydantic_core_schema__))


@pytest.mark.parametrize("task", tasks.TASKS)
def test_lists_of_settings_are_short_and_stop_at_the_first_error(task):
    kind = tasks.get(task).settings
    assert not list(find_slow_lists(kind.__pydantic_core_schema__))
    for name, field in kind.describe().items():
        if field.kind == "list":
            limits = [getattr(part, "max_length", None) for part in kind.model_fields[name].metadata]
            assert any(limits), f"{name} has no limit"


def test_slow_lists_are_detected():
    slow, fast = TypeAdapter(tuple[int, ...]), TypeAdapter(Annotated[tuple[int, ...], FailFast()])
    assert list(find_slow_lists(slow.core_schema)) and not list(find_slow_lists(fast.core_schema))


def test_unknown_settings_are_refused_before_validation(monkeypatch):
    monkeypatch.setattr(Settings, "model_validate", None)
    kind = tasks.get("style.transfer").settings
    for parse in (kind.parse, kind.from_plain):
        with pytest.raises(Exception, match="Did you mean strength"):
            parse({"strenght": 1, **{str(number): 1 for number in range(50)}})
