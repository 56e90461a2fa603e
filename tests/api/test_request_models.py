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
