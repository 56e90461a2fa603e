"""Counts and measurements are formatted for people."""

import pytest

from studio.core import amounts


@pytest.mark.parametrize(
    "value, expected",
    [
        (147_600.0, "147,600"),
        (10_980, "10,980"),
        (1.0, "1"),
        (0, "0"),
        (3.48412, "3.484"),
        (1234.5, "1,234"),
        (0.0000123456, "0.00001235"),
        (-2.5, "-2.5"),
        (999.96, "1,000"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_have_no_exponent(value, expected):
    assert amounts.format_number(value) == expected


def test_counts_use_singular_and_plural():
    assert amounts.format_count(1, "layer") == "1 layer"
    assert amounts.format_count(0, "layer") == "0 layers"
    assert amounts.format_count(2345, "copy", "copies") == "2,345 copies"
