"""The tab with the layers of a classifier."""

from __future__ import annotations

from types import SimpleNamespace

from pages.classify import network

from ..elements import join_texts


def _draw_network():
    from pages.classify import network
    from pages.classify.classifiers import Classifier

    network.show(Classifier("Mine", "mine"))


def test_diagram_and_summary_are_shown(draw, monkeypatch):
    stage = {"name": "conv<1>", "height": 8, "width": 8, "channels": 16, "parameters": 1216, "layers": 2}
    result = SimpleNamespace(figures={"stages": [stage]}, data=b"Model: <classifier>\n")
    requests = []
    engine = SimpleNamespace(status=lambda: "ready")
    monkeypatch.setattr(network.engine, "connect", lambda: engine)
    monkeypatch.setattr(network.weight_downloads, "list_missing", lambda names: [])
    monkeypatch.setattr(network.live, "make_result", lambda *request: requests.append(request) or result)
    page = draw(_draw_network)
    assert not page.exception
    html = " ".join(element.proto.body for element in page.get("html"))
    assert "conv&lt;1&gt;" in html and "8 × 8, 16 channels" in html
    assert "Model: &lt;classifier&gt;" in html and 'tabindex="0"' in html
    assert "1,216 parameters" in join_texts(page.caption)
    assert requests[0][1].preset == "mine"
