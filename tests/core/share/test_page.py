"""Pages of shared models: escaping, license, size limit."""

from __future__ import annotations

import base64
import gzip
import json
from html.parser import HTMLParser

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.core.share import page
from studio.core.share.page import Content
from tests.wording import says_what_to_do

ATTACK = "</script><!--<script>\"'&<b onload=x>"


class Document(HTMLParser):
    """The elements of a page: `(tag, attributes, text)`, as a browser would read them."""

    def __init__(self, data: bytes):
        super().__init__()
        self.elements: list[list] = []
        self.feed(data.decode())

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])

    def handle_data(self, text):
        if self.elements:
            self.elements[-1][2] += text

    def find(self, tag, **attributes):
        return [
            text.strip()
            for name, own, text in self.elements
            if name == tag and attributes.items() <= own.items()
        ]


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "kind.js"
    path.write_text("export default function show() {}\n")
    return path


def compose(script, card="# Title\n\nLicense: MIT\n", **options):
    return page.compose("model", card, Content("Draws.", script, options.pop("data", {}), **options))


def test_texts_of_a_model_stay_texts(script):
    plain = Document(compose(script))
    card = f"# {ATTACK}\n\nData: {ATTACK}\n\nLicense: {ATTACK}\n"
    attacked = Document(compose(script, card))
    assert [tag for tag, *_ in attacked.elements] == [tag for tag, *_ in plain.elements]
    assert attacked.find("title") == [ATTACK]
    assert attacked.find("dd") == [ATTACK, ATTACK]


def test_data_cannot_end_their_element_and_arrive_unchanged(script):
    data = {ATTACK: [ATTACK, "\u2028 {{title}}"]}
    document = Document(compose(script, data=data))
    assert json.loads(document.find("script", id="data")[0]) == data
    assert len(document.find("script")) == 2


def test_files_arrive_unchanged(script):
    content = ATTACK.encode() * 100
    packed = Document(compose(script, files={"words": content})).find("script", id="file-words")[0]
    assert gzip.decompress(base64.b64decode(packed)) == content


def test_bytes_of_a_network_are_split_by_position():
    assert page.split_bytes(b"abcde") == b"ace" + b"bd"


def test_same_model_gives_the_same_page(script):
    assert compose(script, files={"a": b"1"}) == compose(script, files={"a": b"1"})


@pytest.mark.parametrize(
    "license, is_loud", [("MIT", False), ("research-only", True), ("Research-only", True)]
)
def test_research_only_models_say_so(script, license, is_loud):
    document = Document(compose(script, f"# Faces\n\nLicense: {license}\n"))
    assert bool(document.find("p", **{"class": "banner"})) == is_loud
    assert license in document.find("dd")


def test_missing_license_is_not_stated(script):
    document = Document(compose(script, ""))
    assert document.find("dd") == ["not stated", "not stated"]
    assert document.find("h1") == ["model"]


def test_too_large_a_page_is_refused(script, monkeypatch):
    monkeypatch.setattr(page, "MAX_BYTES", 60_000)
    noise = np.random.default_rng(0).bytes(45_000)
    assert len(compose(script, files={"noise": noise[:20_000]})) <= 60_000
    with pytest.raises(InvalidInput) as caught:
        compose(script, files={"noise": noise})
    assert "60 kB" in str(caught.value)
    assert says_what_to_do(str(caught.value))


def test_pages_load_nothing_from_elsewhere(script):
    document = Document(compose(script))
    policy = document.elements[[tag for tag, *_ in document.elements].index("title") - 1][1]["content"]
    assert policy.startswith("default-src 'none';")
    assert not [own for _, own, _ in document.elements if own.keys() & {"src", "srcset"}]
