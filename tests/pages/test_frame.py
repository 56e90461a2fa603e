"""Every page opens, loads no TensorFlow in the server, and shows errors as sentences."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl

import pytest

from pages.form import samples
from pages.home import tiles
from pages.jobs.navigation import PAGES, page_of
from studio.core import owners, paths
from studio.dcgan.settings import TrainDcganSettings

from .conftest import ROOT
from .elements import join_raw_texts, list_button_labels


def test_every_page_has_its_own_address_and_file():
    assert len({place.address for place in PAGES}) == len({place.file for place in PAGES}) == len(PAGES)
    assert all((ROOT / "pages" / place.file).is_file() for place in PAGES)


def test_job_opens_on_the_page_of_its_capability():
    assert page_of("style.transfer").file == "style_photo.py"
    assert page_of("no.such").address == ""
    for task in ("dcgan.train", "vae.train"):
        assert page_of(task).file == "train_generator.py"
    assert page_of("style.train").file == "style_photo.py"
    assert page_of("classify.predict").file == "browse_gallery.py"


def test_studio_error_is_shown_as_text(visit, monkeypatch, tmp_path):
    newer = tmp_path / "home"
    newer.mkdir()
    (newer / "format").write_text("999\n")
    monkeypatch.setenv("STUDIO_HOME", str(newer))
    page = visit("health")
    assert not page.exception
    assert "made by a newer studio" in join_raw_texts(page.error) + join_raw_texts(page.caption)


def test_value_of_another_form_is_dropped_also_pages_later(visit, no_live_work):
    page = visit("playground", width="250")
    assert page.slider(key="width").value == 250
    page.query_params.clear()  # as a browser does when it opens another page
    for name in ("check_health.py", "colorize_photo.py", "train_generator.py"):
        page.switch_page(name).run()
        assert not page.exception
    assert page.slider(key="width").value == TrainDcganSettings().width


_ALL_PAGES = """
import sys
from streamlit.testing.v1 import AppTest
from pages.jobs.navigation import PAGES
from studio.engine import Engine, connect, engine
engine._engines.append(Engine(warm=False))
app = AppTest.from_file("pages/frame.py", default_timeout=60).run()
for place in PAGES:
    app.switch_page(place.file).run()
    assert not app.exception, (place, list(app.exception))
    assert [place.title in title.value for title in app.title] == [True], place
app.switch_page("style_photo.py")
app.query_params.update({"mode": "Draft", "style": "Stained glass"})
app.run()
next(button for button in app.button if button.label == "Start").click().run()
[job] = connect().list_jobs()
connect().close()
heavy = {"tensorflow", "keras", "jax", "torch", "sklearn", "skimage"} & set(sys.modules)
sys.stdout.write(f"drawn: {job.inputs['style'][0].name}, loaded: {' '.join(sorted(heavy))}")
"""


@pytest.mark.slow
def test_every_page_opens_and_imports_no_heavy_libraries(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", _ALL_PAGES],
        cwd=ROOT,
        env=os.environ | {"STUDIO_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.stdout.strip() == "drawn: stained_glass.png, loaded:", done.stderr[-2000:]


def page_of_owner():
    import streamlit as st

    from pages import parts

    st.session_state["whose"] = parts.get_owner()


def test_single_user_is_local_and_visitors_without_cookies_differ(draw, monkeypatch):
    assert draw(page_of_owner).session_state["whose"] == "local"
    monkeypatch.setenv("STUDIO_USERS", "many")
    monkeypatch.setattr("streamlit.context", SimpleNamespace(cookies={}))  # the test runner has no browser
    first, second = draw(page_of_owner), draw(page_of_owner)
    assert len({"local", first.session_state["whose"], second.session_state["whose"]}) == 3
    owner_name = first.session_state["whose"]
    assert first.run().session_state["whose"] == owner_name
    for secret in ("me", "local", owner_name):
        monkeypatch.setattr("streamlit.context", SimpleNamespace(cookies={"studio_owner": secret}))
        owner = first.run().session_state["whose"]
        assert re.fullmatch(r"visitor-[0-9a-f]{32}", owner)
        assert owner not in ("local", owner_name)
        assert owner == second.run().session_state["whose"]


def test_signed_in_user_is_the_same_in_every_browser(draw, monkeypatch):
    monkeypatch.setenv("STUDIO_USERS", "many")
    page = draw(page_of_owner)

    def whose(cookie, **claims):
        monkeypatch.setattr("streamlit.context", SimpleNamespace(cookies={"studio_owner": cookie}))
        monkeypatch.setattr("streamlit.user", SimpleNamespace(to_dict=lambda: claims))
        return page.run().session_state["whose"]

    ada = {"is_logged_in": True, "iss": "https://one.example", "sub": "7", "email": "ada@one.example"}
    assert re.fullmatch(r"user-[0-9a-f]{32}", whose("a", **ada))
    assert whose("a", **ada) == whose("b", **ada)
    other_names = [{"iss": "https://two.example"}, {"sub": "8"}, {"sub": "", "email": "eve@one.example"}]
    assert len({whose("a", **ada), *(whose("a", **(ada | other)) for other in other_names)}) == 4
    assert whose("a", **(ada | {"is_logged_in": False})) == whose("a")
    assert whose("a").startswith("visitor-")


def test_cookie_is_found_after_other_cookies():
    from streamlit_app import OWNER_COOKIE, OwnerCookie

    def is_cookie_set(cookie):
        names = []

        async def app(scope, receive, send):
            await send({"type": "http.response.start", "headers": []})

        async def send(message):
            names.extend(name for name, _ in message["headers"])

        headers = [(b"cookie", cookie.encode())] if cookie else []
        asyncio.run(OwnerCookie(app)({"type": "http", "scheme": "http", "headers": headers}, None, send))
        return b"set-cookie" in names

    assert is_cookie_set("") and is_cookie_set("other=1")
    for before in ("", 'prefs={"a":1}; ', "flag; ", "a/b=1; ", "x@y=2; "):
        assert not is_cookie_set(f"{before}{OWNER_COOKIE}=abc") and not is_cookie_set(
            f"{OWNER_COOKIE}=abc; {before}z=1"
        )


@pytest.mark.slow
def test_tiles_link_pages_with_their_samples(visit, no_live_work):
    links = [link.proto for link in visit("").get("page_link")]
    [coffee] = [link for link in links if "Coffee" in link.query_string]
    page = visit(coffee.page, **dict(parse_qsl(coffee.query_string)))
    assert page.title[0].value == "Style"
    assert page.button_group(key="content").value == "Coffee"
    assert page.button_group(key="style").value == ["Brush strokes"]


def test_tile_of_a_text_links_its_language_model(visit):
    links = [link.proto for link in visit("").get("page_link")]
    [alice] = [link for link in links if "Alice" in link.query_string]
    page = visit(alice.page, **dict(parse_qsl(alice.query_string)))
    assert page.title[0].value == "Text"
    assert page.selectbox(key="preset").value == "alice"


def test_tile_of_a_classifier_links_its_half_of_the_page(visit):
    links = [link.proto for link in visit("").get("page_link")]
    [tile] = [link for link in links if link.page.endswith("classify") and "half" in link.query_string]
    page = visit("classify", **dict(parse_qsl(tile.query_string)))
    assert (page.button_group(key="half").value, page.button_group(key="image").value) == ("try", "Chelsea")


def test_health_shows_all_checks_of_the_doctor(visit):
    page = visit("health")
    for name in ("Engine", "Studio", "Packages", "Folder", "Memory"):
        assert f"**{name}**" in join_raw_texts(page.markdown)


@pytest.mark.parametrize("address", ["text", "tune"])
def test_link_below_the_form_leads_to_the_result(visit, address):
    blocks = [element.proto.body for element in visit(address).get("html")]
    link = next(position for position, body in enumerate(blocks) if 'href="#result"' in body)
    assert 'id="result"' in blocks[link + 1], "which is where it leads"


def test_all_tile_images_exist():
    assert tiles.TILES
    assert all((samples.IMAGE_FOLDER / tile.file_name).is_file() for tile in tiles.TILES)


def test_unexpected_error_shows_no_details(draw):
    def page_of_fault():
        from pages.widgets import page_errors

        assert page_errors.show_error(ZeroDivisionError("secret path /home/me"))

    page = draw(page_of_fault)
    assert "reload" in page.error[0].value
    assert "secret" not in page.error[0].value


def read_visible_text(page):
    """Returns all text of a page, with the labels of its buttons."""
    kinds = ("markdown", "caption", "code", "error", "info", "warning", "success")
    shown_texts = [str(element.value) for kind in kinds for element in page.get(kind)]
    return " ".join([*shown_texts, *(element.label for element in page.button)])


@pytest.fixture
def many_users(monkeypatch):
    """A studio for many users, with the cookie of one visitor."""
    monkeypatch.setenv("STUDIO_USERS", "many")
    monkeypatch.setattr("streamlit.context", SimpleNamespace(cookies={"studio_owner": "me"}, url=""))


def test_visitor_sees_no_server_paths_and_no_administration(visit, engine, monkeypatch, request):
    text_of_owner = read_visible_text(visit("health"))
    assert (
        str(paths.ensure_home()) in text_of_owner
        and "Look closer" in text_of_owner
        and "studio weights pull" in text_of_owner
    )
    request.getfixturevalue("many_users")
    monkeypatch.setattr(
        engine, "status", lambda: f"down: Another studio is already running on {paths.ensure_home()}."
    )
    for address in ("health", "gallery", ""):
        page = visit(address)
        assert not page.exception
        text = read_visible_text(page)
        assert str(paths.ensure_home()) not in text and str(Path.home()) not in text
        assert not {"Download now", "Look closer"} & set(list_button_labels(page))
        assert "studio weights pull" not in text
        if address == "health":
            assert "Another studio is already running on a place on the server" in text.replace("\\", "")


def test_visitor_sees_the_usage_and_lifetime_of_their_work(visit, many_users, monkeypatch):
    text = read_visible_text(visit("gallery"))
    assert "of your limit of 5.0 GB" in text and "do not come back, in this browser, for 90 days" in text
    monkeypatch.setenv("STUDIO_VISITOR_DAYS", "0")
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0")
    assert "come back" not in (text := read_visible_text(visit("gallery"))) and "your limit" not in text


def test_visit_of_a_visitor_with_work_is_noted(visit, many_users):
    page = visit("")
    assert not page.exception
    name = f"visitor-{hashlib.sha256(b'me').hexdigest()[:32]}"
    assert not owners.folder(name).exists()
    owners.folder(name).mkdir(parents=True)
    visit("")
    assert (owners.folder(name) / "seen").exists()


def test_tab_with_a_new_owner_forgets_its_session(visit, monkeypatch):
    owner_name = ["visitor-a"]
    monkeypatch.setattr("pages.widgets.owners.get_owner", lambda: owner_name[0])
    page = visit("health")
    page.session_state["before"] = "hers"
    page.run()
    assert page.session_state["before"] == "hers"
    owner_name[0] = "visitor-b"
    page.run()
    assert not page.exception and "before" not in page.session_state
