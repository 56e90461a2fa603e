"""Gallery: everything made, to look at, search, use again, take along and clear out."""

import streamlit as st

from pages.gallery import (
    address,
    comparison,
    disk_usage,
    dropped_file,
    grid,
    item_view,
    own_models,
    removed,
    sweeps,
)

st.title("Gallery", anchor=False)
removed.undo()
dropped_file.show_fault()
working = sweeps.under_way()
told = dropped_file.dropped()
item = None if told or working else item_view.current_item()
if working:
    st.caption("It keeps running when you leave. Its progress is under Jobs in the sidebar.")
elif told:
    dropped_file.show(told)
elif item and (other := item_view.current_item(address.OTHER)):
    comparison.show(item, other)
elif item:
    item_view.show(item)
else:
    left, right = st.columns([9, 5], gap="large", vertical_alignment="bottom")
    with right:
        dropped_file.drop()
    with left:
        wanted = grid.ask()
    grid.grid(wanted)
    removed.odd()
    removed.show()
    own_models.show()
    disk_usage.show()
