"""Disk usage of the studio, its limit, and the parts that a user can remove."""

from __future__ import annotations

import math

import streamlit as st

from pages.gallery import removed_items
from pages.widgets import numbers, words
from pages.widgets.owners import LOCAL, get_owner
from studio.core import amounts
from studio.core.errors import StudioError
from studio.engine import quotas
from studio.gallery import disk_usage, owners
from studio.gallery.disk_usage import Share

GIGABYTE = 10**9
_SCANNED_KEY, _MESSAGE_KEY = "disk_scanned", "disk_message"


def show() -> None:
    """Shows disk usage, warns above the limit, and offers what can be removed.

    On a shared server, visitors see only the usage of their own work.
    """
    if get_owner() != LOCAL:
        _show_own_usage()
        return
    used_bytes, limit = _measure_usage(), disk_usage.read_limit()
    if used_bytes > limit:
        st.warning(
            f"The studio uses {amounts.format_bytes(used_bytes)} of disk space; the limit is "
            f"{amounts.format_bytes(limit)}. Nothing is deleted automatically: choose below what to remove.",
            icon=":material/hard_drive:",
        )
    with st.expander("Disk space", icon=":material/hard_drive:"):
        st.markdown(f"**{amounts.format_bytes(used_bytes)}** of {amounts.format_bytes(limit)}")
        st.progress(min(used_bytes / limit, 1.0))
        if message := st.session_state.pop(_MESSAGE_KEY, ""):
            st.success(message, icon=":material/check_circle:")
        numbers.ask_number(
            "Limit (GB)",
            min_value=0.1,
            max_value=100_000.0,
            value=limit / GIGABYTE,
            step=5.0,
            key="room_limit",
            on_change=_set_limit,
            help="Disk space that the gallery may use; above this limit, it asks you what to remove",
            width=220,
        )
        if not st.session_state.get(_SCANNED_KEY):
            help = "Scans every file, which takes a moment"
            st.button("Show disk usage", icon=":material/search:", on_click=_request_scan, help=help)
            return
        _show_shares([share for share in disk_usage.measure_parts() if share.bytes])


def _show_own_usage() -> None:
    """Shows the usage and limit of a visitor's work, and after how many days it is removed."""
    max_bytes, days = quotas.get_disk_quota(get_owner()), owners.retention_days(get_owner())
    text = f"Your work uses {amounts.format_bytes(quotas.measure_usage(get_owner()).bytes)}"
    if max_bytes < math.inf:
        text += f" of your limit of {amounts.format_bytes(max_bytes)}"
    if days < math.inf:
        browser_note = "" if get_owner().startswith("user-") else ", in this browser,"
        text += f". Your work is removed if you do not come back{browser_note} for {days:,.0f} days"
    st.caption(f":material/hard_drive: {text}.")


@st.cache_data(ttl=60, show_spinner=False)
def _measure_usage() -> int:
    return disk_usage.measure_usage()


def _request_scan() -> None:
    st.session_state[_SCANNED_KEY] = True


def _set_limit() -> None:
    disk_usage.set_limit(round(st.session_state["room_limit"] * GIGABYTE))


def _show_shares(shares: list[Share]) -> None:
    selected = []
    for share in sorted(shares, key=lambda share: (not share.is_removable, -share.bytes)):
        text = f"**{share.title}**, {amounts.format_bytes(share.bytes)} in {share.count:,} files"
        if share.is_removable:
            if st.checkbox(text, key=f"room_{share.name}", help=share.note or None):
                selected.append(share)
        else:
            st.markdown(f":material/lock: {text}", help=share.note or None)
    selected_bytes = sum(share.bytes for share in selected)
    st.button(
        f"Remove {amounts.format_bytes(selected_bytes)}" if selected else "Remove",
        icon=":material/delete_forever:",
        disabled=not selected,
        on_click=_remove_parts,
        args=([share.name for share in selected],),
        help="This cannot be undone",
        key="room_free",
    )


def _remove_parts(part_names: list[disk_usage.Part]) -> None:
    try:
        freed_bytes = disk_usage.free_parts(part_names)
    except StudioError as error:
        st.session_state[_MESSAGE_KEY] = words.escape(str(error))
        return
    _measure_usage.clear()
    if "removed" in part_names:
        removed_items.close_undo()
    st.session_state[_MESSAGE_KEY] = f"Freed {amounts.format_bytes(freed_bytes)}."
