"""The frame around every page: navigation, style sheet and job panel."""

import streamlit as st

from pages.form import problems
from pages.guide import index as guide
from pages.jobs import job_panel, navigation, refill, starting
from pages.questions import question_line
from pages.widgets import assets, browser_history, css, keyboard, owners, page_errors
from studio.core.errors import StudioError
from studio.engine import quotas

st.set_page_config(page_title="Creative AI Studio", page_icon=css.LOGO, layout="wide")
st.logo(css.LOGO, size="large")
pages = {
    group: [
        st.Page(
            entry.file, title=entry.title, icon=entry.icon, url_path=entry.address, default=not entry.address
        )
        for entry in entries
    ]
    for group, entries in navigation.group_pages().items()
}
page = st.navigation(pages, expanded=True)
owners.reset_for_new_owner()
css.apply_css()
browser_history.handle_back_and_forward()
quotas.record_visit(owners.get_owner(), record_new=False)
with st.sidebar:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if page.title != "Guide":
            guide.show_link(page.title)
        keyboard.listen()
    job_panel.show_job_panel()
    assets.run_once("image_drop.js", text="Drop the image to use it on this page")
    assets.run_once("narrow_screen.js")
    assets.run_once("slider_touch.js")
    assets.run_once("popover_focus.js")
    assets.run_once("keep_focus.js")
navigation.open_requested_page(page.url_path)
navigation.note_page(page.url_path)
navigation.drop_unusable_parameters(page.url_path)
refill.follow_link()
question_line.follow_link(page.url_path)
problems.clear()
job_panel.show_job_line()
question_line.show(page.url_path)
try:
    with starting.keep_question(page.url_path):
        page.run()
except StudioError as error:
    page_errors.show_error(error)
