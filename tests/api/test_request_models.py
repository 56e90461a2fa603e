"""Request bodies that are too long are rejected before they are processed."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from studio.api import request_models


@pytest.mark.parametrize("inputs", [{"content": ["sample:" + "x" * 200]}, {"x" * 201: []}])
def test_texts_in_a_request_have_a_maximum_length(inputs):
    request_models.TaskRequest(task="style.transfer", inputs={"content": ["sample:" + "x" * 193]})
    with pytest.raises(ValidationError, match="at most 200 characters"):
        request_models.TaskRequest(task="style.transfer", inputs=inputs)


@pytest.mark.parametrize(
    "model, body",
    [
        (request_models.JobRequest, {"task": "x", "inputs": {"a": [[]] * 3000}}),
        (request_models.JobRequest, {"task": "x", "inputs": {"a": ["x"] * 3000}}),
        (request_models.JobRequest, {"task": "x", "inputs": {str(number): 1 for number in range(3000)}}),
        (request_models.BatchRequest, {"task": "x"} | {str(number): 1 for number in range(3000)}),
        (request_models.MarksIn, {"tags": [[]] * 3000}),
        (request_models.MarksIn, {"tags": ["x"] * 3000}),
    ],
)
def test_long_wrong_requests_have_few_errors(model, body):
    with pytest.raises(ValidationError) as raised:
        model.model_validate(body)
    assert raised.value.error_count() <= 4 and len(str(raised.value)) < 2000


def test_the_first_unknown_field_is_named():
    body = {"task": "x", "seed": 1, "size": 2} | {str(number): 1 for number in range(9)}
    with pytest.raises(ValidationError, match=r"seed\n"):
        request_models.TaskRequest.model_validate(body)
