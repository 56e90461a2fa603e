"""Files that the browser loads only when it needs them, such as an image in full resolution."""

from __future__ import annotations

import streamlit as st


def serve(data: bytes, media_type: str, key: str) -> str:
    """Returns the address of a file, which is valid as long as the page shows the widget with this key.

    Args:
        data: the file.
        media_type: e.g. "image/png". Never serve HTML of a user, because it could act for others.
        key: of the widget.
    """
    if not st.runtime.exists():
        return ""
    path = st.runtime.get_instance().media_file_mgr.add(data, media_type, key)
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path
