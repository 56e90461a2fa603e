"""Gallery: all results, to view, query, reuse, export and delete."""

import streamlit as st

from pages.gallery import (
    address,
    comparison,
    disk_usage,
    grid,
    item_view,
    outside_file,
    own_models,
    removed_items,
    sweeps,
)

st.title("Gallery", anchor=False)
removed_items.offer_undo()
outside_file.show_errors()
is_working = sweeps.show_running_job()
provenance = outside_file.find_current()
item = None if provenance or is_working else item_view.find_current_item()
if is_working:
    st.caption("It keeps running when you leave. Its progress is under Jobs in the sidebar.")
elif provenance:
    outside_file.show(provenance)
elif item and (other := item_view.find_current_item(address.OTHER_PARAMETER)):
    comparison.show(item, other)
elif item:
    item_view.show(item)
else:
    left, right = st.columns([9, 5], gap="large", vertical_alignment="bottom")
    with right:
        outside_file.ask_file()
    with left:
        query = grid.ask_filter()
    grid.show(query)
    removed_items.show_unreadable()
    removed_items.show()
    own_models.show()
    disk_usage.show()
