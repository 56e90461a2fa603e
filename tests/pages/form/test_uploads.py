"""Uploads that are too large, and uploads that a slow browser repeats."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import streamlit as st

from pages.form import uploads
from pages.widgets import page_errors
from studio.core.errors import InvalidInput


def test_file_size_is_limited_to_that_of_its_widget():
    uploads._check_size(SimpleNamespace(name="a.png", size=50 << 20), 50)
    with pytest.raises(InvalidInput, match=r"Invalid a\.png: 5\d MB\. Use a file of at most 50 MB"):
        uploads._check_size(SimpleNamespace(name="a.png", size=(50 << 20) + 1), 50)


def test_repeated_upload_of_a_lagging_browser_is_ignored(home, monkeypatch):
    """On a busy machine an earlier upload replaced the same model with other names."""
    upload = SimpleNamespace(name="first.zip", size=5, getvalue=lambda: b"first")
    monkeypatch.setattr(st, "session_state", {"model.upload_0": upload, uploads._version_key("model"): 0})
    names = []
    for _ in range(2):
        uploads._handle_uploads("model", 0, "model.upload_0", lambda data, name: names.append(name))
    assert names == ["first.zip"]

    st.session_state["model.upload_1"] = SimpleNamespace(name="2nd.zip", size=3, getvalue=lambda: b"2nd")
    uploads._handle_uploads("model", 1, "model.upload_1", lambda data, name: names.append(name))
    assert names == ["first.zip", "2nd.zip"]


def test_only_the_first_errors_are_shown(draw):
    def page():
        from pages.widgets import page_errors

        for n in range(1000):
            page_errors.add_error("many", f"{n}.png is no image. Leave it out.")
        page_errors.show_errors("many")

    messages = [element.value for element in draw(page).error]
    assert len(messages) == 4 and messages[-1] == "997 more files were refused."


def test_only_errors_of_the_last_upload_are_shown(draw):
    def page():
        import streamlit as st

        from pages.widgets import page_errors

        for slot in ("first", "second"):
            page_errors.show_errors(slot)
        st.button("Two", on_click=lambda: [page_errors.add_error(slot, slot) for slot in ("first", "second")])

    after = draw(page).button[0].click().run()
    assert [element.value for element in after.error] == ["second"]
    assert not after.run().error


def test_another_upload_removes_the_last_error(home, monkeypatch):
    good = SimpleNamespace(name="good.zip", size=3, getvalue=lambda: b"zip")
    monkeypatch.setattr(st, "session_state", {"model.upload_0": good, uploads._version_key("model"): 0})
    page_errors.add_error("image", "broken.png is not an image.")
    uploads._handle_uploads("model", 0, "model.upload_0", lambda data, name: None)
    assert page_errors.ERRORS_KEY not in st.session_state


def test_uploads_are_removed_from_memory(draw):
    def page():
        import streamlit as st
        from streamlit.runtime.scriptrunner import get_script_run_ctx
        from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

        from pages.form import uploads
        from studio.core.errors import InvalidInput

        def refuse(data, name):
            raise InvalidInput("It is no image.")

        context = get_script_run_ctx()
        for turn, take in enumerate([lambda data, name: None, refuse]):
            file = UploadedFileRec(f"id{turn}", "a.png", "image/png", b"four")
            context.uploaded_file_mgr.add_file(context.session_id, file)
            st.session_state[f"model.upload_{turn}"] = UploadedFile(file, None)
            st.session_state[uploads._version_key("model")] = turn
            uploads._handle_uploads("model", turn, f"model.upload_{turn}", take)
        st.text(len(context.uploaded_file_mgr.get_files(context.session_id, ["id0", "id1"])))

    assert draw(page).text[0].value == "0"
