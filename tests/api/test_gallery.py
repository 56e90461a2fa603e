"""Gallery routes: owners star, tag, rename and search their own items only."""

from __future__ import annotations

import pytest

from tests.wording import says_what_to_do

CHORE = {"task": "chores.do"}


@pytest.mark.slow
def test_item_is_found_by_its_marks(call):
    id = call.wait_for_end(call("POST", "/jobs", json=CHORE).json()["id"])["id"]
    marks = {"starred": True, "tags": ["Over HTTP"], "name": "My best"}
    item = call("PATCH", f"/gallery/{id}", json=marks).json()
    assert (item["starred"], item["tags"], item["name"]) == (True, ["over http"], "My best")
    for search in ({"tag": "over http"}, {"starred": True}, {"words": "best"}):
        assert call("GET", "/gallery", params=search).json()["items"] == [item]
    assert call("PATCH", f"/gallery/{id}", json={"starred": False}).json()["tags"] == ["over http"]
    assert call("GET", "/gallery?starred=true").json()["total"] == 0


@pytest.mark.slow
def test_invalid_marks_return_a_sentence(call, visitors):
    id = call.wait_for_end(call("POST", "/jobs", json=CHORE).json()["id"])["id"]
    for bad in ({"tags": ["x" * 41]}, {"name": "a\n\x00b"}, {"name": "\ud800"}, {"tags": "a"}, {"stars": 5}):
        response = call("PATCH", f"/gallery/{id}", json=bad)
        assert response.status_code == 422 and says_what_to_do(response.json()["detail"])
    assert call("PATCH", "/gallery/nothing", json={"starred": True}).status_code == 404
    assert visitors[0]("PATCH", f"/gallery/{id}", json={"starred": True}).status_code == 404
    assert call("GET", "/gallery?starred=true").json()["total"] == 0


@pytest.mark.slow
def test_boards_are_filled_renamed_and_deleted_by_their_owner(call, visitors):
    id = call.wait_for_end(call("POST", "/jobs", json=CHORE).json()["id"])["id"]
    assert call("PATCH", f"/gallery/{id}", json={"boards": ["Sea/Land"]}).json()["boards"] == ["Sea/Land"]
    assert call("GET", "/gallery/boards").json() == ["Sea/Land"]
    assert call("GET", "/gallery", params={"board": "sea/land"}).json()["total"] == 1
    assert visitors[0]("GET", "/gallery/boards").json() == []
    assert visitors[0]("DELETE", "/gallery/boards/Sea%2FLand").status_code == 404
    assert call("PATCH", "/gallery/boards/Sea%2FLand", json={"name": "Coast"}).json() == ["Coast"]
    assert call("PATCH", "/gallery/boards/Coast", json={"name": "x" * 41}).status_code == 422
    assert call("DELETE", "/gallery/boards/Coast").json() == []
    assert call("GET", "/gallery").json()["items"][0]["boards"] == []
