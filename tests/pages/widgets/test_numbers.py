"""Number inputs show their limits."""

from __future__ import annotations

import pytest

from pages.widgets import keys, numbers


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


def test_number_set_by_the_page_replaces_a_refused_one(draw):
    """A browser keeps a refused number in its input until the input is a new one."""

    def page():
        import streamlit as st

        from pages.widgets import numbers

        st.button("Set", on_click=lambda: st.session_state.update(channel=7))
        numbers.ask_number("Channel", 0, 9, value=3, key="channel")

    app = draw(page)
    version = keys.part("channel", "version")
    app.number_input(key="channel").set_value(5).run()
    assert app.session_state[version] == 0, "the focus stays while the user types"
    app.button[0].click().run()
    assert app.number_input(key="channel").value == 7 and app.session_state[version] == 1
