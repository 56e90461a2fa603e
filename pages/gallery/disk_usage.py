"""Disk usage of the studio, its limit, and the parts that a user can remove."""

from __future__ import annotations

import math

import streamlit as st

from pages.gallery import removed
from pages.widgets import numbers, words
from pages.widgets.owners import LOCAL, owner
from studio.core import amounts
from studio.core.errors import StudioError
from studio.engine import quotas
from studio.gallery import disk_usage, owners
from studio.gallery.disk_usage import Share

GIGABYTE = 10**9
_IS_SCANNED, _MESSAGE = "room_looked", "room_freed"


def show() -> None:
    """Shows disk usage, warns above the limit, and offers what can be removed.

    On a shared server, visitors see only the usage of their own work.
    """
    if owner() != LOCAL:
        _show_own_usage()
        return
    used_bytes, limit = _used_bytes(), disk_usage.limit()
    if used_bytes > limit:
        st.warning(
            f"The studio uses {amounts.size(used_bytes)} of disk space; the limit is {amounts.size(limit)}. "
            "Nothing is deleted automatically: choose below what to remove.",
            icon=":material/hard_drive:",
        )
    with st.expander("Disk space", icon=":material/hard_drive:"):
        st.markdown(f"**{amounts.size(used_bytes)}** of {amounts.size(limit)}")
        st.progress(min(used_bytes / limit, 1.0))
        if message := st.session_state.pop(_MESSAGE, ""):
            st.success(message, icon=":material/check_circle:")
        numbers.number(
            "Limit (GB)",
            min_value=0.1,
            max_value=100_000.0,
            value=limit / GIGABYTE,
            step=5.0,
            key="room_limit",
            on_change=_set_limit,
            help="Above this limit, the gallery asks what to remove",
            width=220,
        )
        if not st.session_state.get(_IS_SCANNED):
            help = "Scans every file, which takes a moment"
            st.button("Show disk usage", icon=":material/search:", on_click=_scan, help=help)
            return
        _choose([share for share in disk_usage.shares() if share.bytes])


def _show_own_usage() -> None:
    """Shows the usage and limit of a visitor's work, and after how many days it is removed."""
    most, days = quotas.max_bytes(owner()), owners.days(owner())
    text = f"Your work uses {amounts.size(quotas.usage_of(owner()).bytes)}"
    if most < math.inf:
        text += f" of your limit of {amounts.size(most)}"
    if days < math.inf:
        scope = "" if owner().startswith("user-") else ", in this browser,"
        text += f". Your work is removed if you do not come back{scope} for {days:,.0f} days"
    st.caption(f":material/hard_drive: {text}.")


@st.cache_data(ttl=60, show_spinner=False)
def _used_bytes() -> int:
    return disk_usage.measure_usage()


def _scan() -> None:
    st.session_state[_IS_SCANNED] = True


def _set_limit() -> None:
    disk_usage.set_limit(round(st.session_state["room_limit"] * GIGABYTE))


def _choose(shares: list[Share]) -> None:
    selected = []
    for share in sorted(shares, key=lambda share: (not share.can_go, -share.bytes)):
        text = f"**{share.title}**, {amounts.size(share.bytes)} in {share.count:,} files"
        if share.can_go:
            if st.checkbox(text, key=f"room_{share.name}", help=share.note or None):
                selected.append(share)
        else:
            st.markdown(f":material/lock: {text}", help=share.note or None)
    size = sum(share.bytes for share in selected)
    st.button(
        f"Remove {amounts.size(size)}" if selected else "Remove",
        icon=":material/delete_forever:",
        disabled=not selected,
        on_click=_free,
        args=([share.name for share in selected],),
        help="This cannot be undone",
        key="room_free",
    )


def _free(names: list[disk_usage.Part]) -> None:
    try:
        freed_bytes = disk_usage.free(names)
    except StudioError as error:
        st.session_state[_MESSAGE] = words.plain(str(error))
        return
    _used_bytes.clear()
    if "removed" in names:
        removed.close()
    st.session_state[_MESSAGE] = f"Freed {amounts.size(freed_bytes)}."
