"""Files that are larger than the widget that took them says."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pages.form import uploads
from studio.core.errors import InvalidInput


def test_a_file_may_have_as_many_bytes_as_its_widget_says_and_no_more():
    uploads._check_size(SimpleNamespace(name="a.png", size=50 << 20), 50)
    with pytest.raises(
        InvalidInput, match=r"Invalid a\.png\. Expected: a file of at most 50 MB.* Next: choose"
    ):
        uploads._check_size(SimpleNamespace(name="a.png", size=(50 << 20) + 1), 50)
