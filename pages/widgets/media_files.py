"""Files that the browser loads only when it needs them, such as an image in full resolution."""

from __future__ import annotations

import streamlit as st


def serve_png(data: bytes, key: str) -> str:
    """Returns the address of a PNG, which is valid as long as the page shows the widget with this key.

    Args:
        data: the file.
        key: of the widget.
    """
    if not st.runtime.exists():
        return ""
    path = st.runtime.get_instance().media_file_mgr.add(data, "image/png", key)
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}{path}" if base else path
