"""Number inputs show their limits."""

from __future__ import annotations

import pytest

from pages.widgets import numbers


@pytest.mark.parametrize(
    "least, most, expected",
    [
        (64, 2048, "Not used: enter 64 to 2048."),
        (0.05, None, "Not used: enter 0.05 or more."),
        (None, 9, "Not used: enter 9 or less."),
        (0, 2**31 - 1, "Not used: enter 0 to 2147483647."),
        (None, None, ""),
    ],
)
def test_limits_are_described(least, most, expected):
    assert numbers.describe_limits(least, most) == expected
