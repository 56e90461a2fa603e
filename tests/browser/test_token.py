"""A studio with a token, in a real browser: the full address opens it, any other address does not."""

from __future__ import annotations

import re

import cold_studio
import pytest
from waiting import TIMEOUT_SECONDS

from .conftest import serve_studio

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_address_with_token_opens_the_studio_and_drops_the_token(browser, tmp_path):
    cold = "-c", cold_studio.PROGRAM  # no page here runs a job
    with serve_studio(tmp_path, cold, STUDIO_TOKEN="on", STUDIO_USERS="many") as address:
        whole = re.search(r"http\S+token=\S+", (tmp_path / "server.log").read_text())[0]
        context = browser.new_context()
        context.set_default_timeout(TIMEOUT_SECONDS * 1000)
        page = context.new_page()
        assert page.goto(f"{address}/health").status == 403
        assert page.inner_text("body").startswith("This studio asks for a token. Open the full address")

        page.set_content(f'<a href="{whole}">a link in a letter</a>')  # another site for the browser
        page.get_by_text("a link in a letter").click()
        page.get_by_role("heading", name="Creative AI Studio").wait_for()
        assert page.url == f"{address}/"
        page.get_by_role("link", name="Health").click()
        page.get_by_text("This machine").wait_for()  # through the WebSocket
        page.reload()
        page.get_by_text("This machine").wait_for()
        assert page.evaluate("document.cookie.includes('studio_token')") is False
        assert "token=" not in page.url
        context.close()
