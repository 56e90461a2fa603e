"""Gallery: all results, to view, query, reuse, export and delete."""

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
removed.offer_undo()
dropped_file.show_fault()
is_working = sweeps.show_running_job()
provenance = dropped_file.current()
item = None if provenance or is_working else item_view.current_item()
if is_working:
    st.caption("It keeps running when you leave. Its progress is under Jobs in the sidebar.")
elif provenance:
    dropped_file.show(provenance)
elif item and (other := item_view.current_item(address.OTHER)):
    comparison.show(item, other)
elif item:
    item_view.show(item)
else:
    left, right = st.columns([9, 5], gap="large", vertical_alignment="bottom")
    with right:
        dropped_file.drop()
    with left:
        query = grid.ask()
    grid.show(query)
    removed.show_unreadable()
    removed.show()
    own_models.show()
    disk_usage.show()
