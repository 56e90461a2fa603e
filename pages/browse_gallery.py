"""Gallery: all results, to view, query, reuse, export and delete."""

import streamlit as st

from pages.gallery import (
    comparison,
    disk_usage,
    grid,
    item_view,
    outside_file,
    own_models,
    removed_items,
    sweeps,
)
from pages.widgets import assets

st.title("Gallery", anchor=False)
removed_items.offer_undo()
outside_file.show_errors()
is_working = sweeps.show_running_job()
provenance = outside_file.find_current()
shown_items = [] if provenance or is_working else item_view.find_current_items()
if shown_items:
    assets.run_once("link_to_grid.js")
if is_working:
    st.caption("It keeps running when you leave. Its progress is under Jobs in the sidebar.")
elif provenance:
    outside_file.show(provenance)
elif len(shown_items) > 1:
    comparison.show(shown_items)
elif shown_items:
    item_view.show(shown_items[0])
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
