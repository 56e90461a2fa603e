"""Gallery: everything made, to look at, search, use again, take along and clear out."""

import streamlit as st

from pages.parts import arrivals, bins, rooms, shelves, showcases, sweep_sheets

st.title("Gallery", anchor=False)
bins.undo()
arrivals.said()
working = sweep_sheets.under_way()
told = arrivals.dropped()
item = None if told or working else showcases.chosen()
if working:
    st.caption("It goes on when you leave; the tray shows how far it is.")
elif told:
    arrivals.show(told)
elif item:
    showcases.show(item)
else:
    left, right = st.columns([9, 5], gap="large", vertical_alignment="bottom")
    with right:
        arrivals.drop()
    with left:
        wanted = shelves.ask()
    shelves.wall(wanted)
    bins.odd()
    bins.show()
    rooms.show()
