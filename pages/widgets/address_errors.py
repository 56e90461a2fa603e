"""What a page says of an address that names something which is not there."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.widgets import words
from studio.core.errors import printable

_MOST = 60  # characters of a name


def not_found(what: str, names: Sequence[str]) -> None:
    """Warns that nothing has the names in the address; draws nothing if there are none.

    Args:
        what: they would name, e.g. "image".
        names: that the address has.
    """
    if names:
        listed = ", ".join(printable(name, _MOST) for name in names)
        st.warning(words.plain(f"There is no {what} called {listed}."), icon=":material/search_off:")
