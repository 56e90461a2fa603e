"""The Gallery page: search, one item, removal with undo, a dropped image, and use on other pages."""

from __future__ import annotations

import io
import json
import os
import zipfile
from types import SimpleNamespace

import numpy as np
import odd_folders
import pytest
import streamlit as st
import tiny_styles

from pages.form import samples, uploads
from pages.gallery import dropped_file, selection
from pages.jobs import kept_models, navigation, use_again
from pages.widgets import owners, words
from studio.core import paths, recipes, tasks
from studio.core.errors import InsufficientSpace, Unavailable
from studio.core.imaging import animations, image_io
from studio.core.models import model_zip, presets
from studio.core.tasks import File
from studio.gallery import disk_usage, export, import_file, index, items, removal
from studio.gallery.index import Filter
from studio.gallery.sweep_settings import SweepSettings
from studio.video.settings import VideoSettings


def button(page, label):
    return next(element for element in page.button if element.label == label)


def grid(page):
    """Returns the items in the grid."""
    return next(group for group in page.button_group if group.key and group.key.startswith("gallery_shelf"))


def labels(page):
    return [option.content for option in grid(page).proto.options]


@pytest.mark.slow
def test_an_empty_gallery_says_what_will_be_here_and_where_to_begin(visit):
    page = visit("gallery")
    assert not page.exception
    assert "The gallery is empty" in page.info[0].value
    links = [link.proto.label for link in page.main.get("page_link")]
    assert links == ["Begin in Style", "Begin in Dream", "Begin in Faces", "Begin in Text"]


def test_the_grid_shows_the_newest_first_and_a_page_at_a_time(visit, make_result, monkeypatch):
    for shade in range(3):
        make_result(shade=shade)
    monkeypatch.setattr("pages.gallery.grid.PAGE", 2)
    page = visit("gallery")
    assert not page.exception
    assert labels(page) == [r"shade 2", r"shade 1"]
    button(page, "Older").click().run()
    assert labels(page) == [r"shade 0"]
    assert button(page, "Older").disabled and not button(page, "Newer").disabled


def test_two_items_of_one_name_are_two(visit, make_result):
    there = [make_result(shade=3, steps=steps) for steps in (2, 4, 6)][::-1]
    page = visit("gallery")
    assert labels(page) == ["shade 3 3", "shade 3 2", "shade 3"], "the oldest goes without a number"
    grid(page).set_value(there[1]).run()
    assert page.query_params["item"] in (there[1], [there[1]])


def test_search_and_kind_narrow_the_grid(visit, make_result):
    make_result(shade=41)
    make_result(shade=7)
    page = visit("gallery", words="shade 41")
    assert labels(page) == [r"shade 41"]
    page = visit("gallery", kind="Texts")
    assert "No results match your search" in page.info[0].value


def test_an_item_of_the_address_is_shown_with_its_recipe_and_all_that_can_be_done(visit, make_result):
    id = make_result(shade=9)
    page = visit("gallery", item=id)
    assert not page.exception
    assert page.subheader[0].value == r"Chore\: shade 9"
    assert {"Make again", "Remove", "All", "Newer", "Older"} <= {element.label for element in page.button}
    assert page.get("download_button")[0].proto.label == "Download"
    assert any('"shade": 9' in code.value for code in page.code)
    assert "took 4 s" in " ".join(element.value for element in page.caption)


def test_a_click_opens_an_item_and_all_goes_back_to_the_same_search(visit, make_result):
    make_result(shade=1)
    first = make_result(shade=2)
    page = visit("gallery", words="shade=2")
    grid(page).set_value(first).run()
    assert page.query_params["item"] == [first] or page.query_params["item"] == first
    assert page.subheader[0].value == r"Chore\: shade 2"
    button(page, "All").click().run()
    assert not page.exception
    assert page.text_input(key="words").value == "shade=2"
    assert labels(page) == [r"shade 2"]


def test_newer_and_older_interpolate_along_the_grid(visit, make_result):
    there = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery", item=there[1])
    button(page, "Older").click().run()
    assert page.subheader[0].value == r"Chore\: shade 0"
    assert button(page, "Older").disabled
    button(page, "Newer").click().run()
    button(page, "Newer").click().run()
    assert page.subheader[0].value == r"Chore\: shade 2"


@pytest.mark.parametrize("id", ["gone", "..", "a/b"])
def test_an_item_that_is_not_there_is_a_sentence_above_the_grid(visit, make_result, id):
    make_result(shade=1)
    page = visit("gallery", item=id)
    assert not page.exception
    assert "no such item" in page.warning[0].value
    assert len(labels(page)) == 1


def test_anothers_items_cannot_be_seen(visit, make_result):
    hers = make_result(owner="ann")
    page = visit("gallery", item=hers)
    assert "no such item" in page.warning[0].value
    assert "The gallery is empty" in page.info[0].value


def test_the_grid_goes_on_at_the_item_that_was_looked_at(visit, make_result):
    ids = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery")
    assert not scripts(page)
    page = visit("gallery", item=ids[0])
    button(page, "All").click().run()
    [script] = scripts(page)
    assert '"index": 2}' in script, "the oldest is the third"
    assert not scripts(page.run()), "only once"


def scripts(page):
    """Returns the scripts of the gallery, without the one for the browser history."""
    return [
        html.proto.body
        for html in page.get("html")
        if "studioHistory" not in (body := html.proto.body) and "<script>" in body
    ]


def test_a_removed_item_comes_back_with_undo(visit, make_result):
    id = make_result(shade=5)
    page = visit("gallery", item=id)
    button(page, "Remove").click().run()
    assert not page.exception
    assert index.find()[1] == 0
    assert any("1 item is removed" in element.value for element in page.markdown)
    button(page, "Undo").click().run()
    assert [entry.id for entry in index.find()[0]] == [id]
    assert labels(page) == ["shade 5"]
    assert not any("removed" in element.value for element in page.markdown)


def test_undo_is_not_offered_for_what_was_let_go(visit, make_result):
    page = visit("gallery", item=make_result(shade=5))
    button(page, "Remove").click().run()
    disk_usage.free(["removed"])
    button(page, "Undo").click().run()
    assert "no such removed item" in page.error[0].value
    assert "Undo" not in [element.label for element in page.button]


@pytest.mark.parametrize("harm", [*list(odd_folders.HARMS)[::6], "listed before"])
def test_pages_live_with_a_folder_that_cannot_be_read_and_it_can_be_removed(visit, make_result, harm):
    _, odd = make_result(shade=1), make_result(shade=2)
    if harm == "listed before":
        assert index.find()[1] == 2
    jobs = items.root()
    odd_folders.HARMS.get(harm, odd_folders.HARMS["settings are a list"])(jobs / odd)
    for path in jobs.iterdir():
        os.utime(path, (1, 1))  # old enough that nobody is still writing it
    if harm == "listed before":
        page = visit("gallery", item=odd)
        assert not page.exception and "no such item" in page.warning[0].value
    page = visit("gallery")
    assert not page.exception and labels(page) == ["shade 1"]
    assert any(element.label == "Unreadable (1)" for element in page.expander)
    assert not visit("").exception
    button(page, "Remove").click().run()
    assert not page.exception and not any("Unreadable" in element.label for element in page.expander)
    assert any(element.label == "Removed (1)" for element in page.expander)
    button(page, "Yes, delete").click().run()
    assert not page.exception and not any("Removed" in element.label for element in page.expander)


def test_several_are_picked_and_removed_together(visit, make_result):
    there = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery")
    next(element for element in page.toggle if element.label == "Select several").set_value(True).run()
    assert button(page, "Remove").disabled
    grid(page).set_value(there[:2]).run()
    button(page, "Remove 2").click().run()
    assert not page.exception
    assert [entry.id for entry in index.find()[0]] == [there[2]]
    assert {item.id for item in removal.list_removed()} == set(there[:2])


def test_the_last_of_a_page_is_removed_and_the_page_before_is_shown(visit, make_result, monkeypatch):
    monkeypatch.setattr("pages.gallery.grid.PAGE", 2)
    there = [make_result(shade=shade) for shade in range(3)]
    page = visit("gallery")
    button(page, "Older").click().run()
    assert len(labels(page)) == 1
    removal.remove([there[0]])
    page.run()
    assert not page.exception and len(labels(page)) == 2


def test_for_good_is_asked_twice_and_then_is(visit, make_result):
    removal.remove([make_result(shade=5)])
    page = visit("gallery")
    assert len(removal.list_removed()) == 1
    button(page, "Yes, delete").click().run()
    assert removal.list_removed() == []


def test_making_again_starts_a_job_with_the_same_settings(visit, make_result, engine, until):
    page = visit("gallery", item=make_result(shade=77, steps=2))
    before = {job.id for job in engine.jobs()}
    button(page, "Make again").click().run()
    assert not page.exception
    (job,) = [job for job in engine.jobs() if job.id not in before]
    assert (job.settings["shade"], job.settings["steps"]) == (77, 2)
    until(lambda: engine.job(job.id).finished)
    assert items.find(job.id).result.recipe.settings["shade"] == 77


def test_what_can_no_longer_be_made_again_says_so_and_can_still_be_looked_at(visit, make_result, engine):
    id = make_result(shade=31)
    items.find(id).inputs["image"][0].path.unlink()
    page = visit("gallery", item=id)
    before = len(engine.jobs(limit=1000))
    button(page, "Make again").click().run()
    assert "no longer here" in page.error[0].value
    assert len(engine.jobs(limit=1000)) == before


def use(id, **weights):
    """Changes the weights in the recipe of an item."""
    path = items.root() / id / "outcome.json"
    outcome = json.loads(path.read_bytes())
    outcome["result"]["recipe"]["weights"] = weights
    path.write_text(json.dumps(outcome))


def test_making_again_uses_the_very_model_that_the_recipe_names(visit, make_result, engine, until):
    id = make_result(shade=12)
    use(id, alice=presets.find("alice").digest)
    page = visit("gallery", item=id)
    before = {job.id for job in engine.jobs()}
    button(page, "Make again").click().run()
    (job,) = [job for job in engine.jobs() if job.id not in before]
    until(lambda: engine.job(job.id).finished)
    assert items.find(job.id).result.recipe.weights == {"alice": presets.find("alice").digest}


def test_a_model_that_is_another_one_now_is_told_and_nothing_is_made(visit, make_result, engine):
    id = make_result(shade=13)
    use(id, alice="0" * 64)
    page = visit("gallery", item=id)
    before = len(engine.jobs(limit=1000))
    button(page, "Make again").click().run()
    assert "another model alice" in page.error[0].value
    assert len(engine.jobs(limit=1000)) == before


def test_an_item_of_a_task_that_is_gone_can_still_be_looked_at(visit, make_result, monkeypatch):
    id = make_result(shade=3)
    monkeypatch.delitem(tasks.TASKS, "chores.do")
    page = visit("gallery", item=id)
    assert not page.exception
    assert "no longer has this task" in " ".join(element.value for element in page.caption)
    assert "Make again" not in {element.label for element in page.button}
    assert button(page, "Remove")


def test_the_home_page_stays_whole_beside_it(visit, make_result, monkeypatch):
    make_result(shade=3)
    monkeypatch.delitem(tasks.TASKS, "chores.do")
    page = visit()
    assert not page.exception and not page.error
    assert "Your recent work" in [element.value for element in page.subheader]


def test_a_text_is_shown_as_text(visit, engine, make_result):
    recipe = recipes.Recipe(task="chores.do", settings={})
    file = File.keep(b"# <b>a tale</b>", "text", "tale.txt")
    page = visit("gallery", item=items.add(tasks.Result((file,), {}, recipe), 1.0))
    assert not page.exception
    assert {"Write on", "Remove"} <= {element.label for element in page.button}


def page_of_told():
    import streamlit as st

    from pages.gallery import dropped_file

    dropped_file.show(st.session_state["told"])


@pytest.fixture
def drop(draw):
    """Renders the page for a dropped file."""

    def drop(data, name="a.png"):
        from streamlit.testing.v1 import AppTest

        page = AppTest.from_function(page_of_told, default_timeout=60)
        page.session_state["told"] = import_file.provenance(data, name)
        page.run()
        assert not page.exception
        return page

    return drop


def test_a_dropped_image_shows_its_recipe_and_goes_into_the_gallery(drop, make_result):
    id = make_result(shade=12)
    data = items.find(id).result.files[0].read()
    removal.remove([id])
    page = drop(data)
    assert any('"shade": 12' in code.value for code in page.code)
    assert "Make again" in {element.label for element in page.button}
    button(page, "Add to the gallery").click().run()
    (entry,), _ = index.find()
    assert items.find(entry.id).result.files[0].read() == data


def test_what_finds_no_room_in_the_gallery_is_told(visit, make_result, monkeypatch):
    def full(*_):
        raise InsufficientSpace("The disk is full. Free some space.")

    data = items.find(make_result(shade=14)).result.files[0].read()
    page = visit("gallery")
    page.session_state[dropped_file._PROVENANCE] = import_file.provenance(data, "a.png")
    page.run()
    monkeypatch.setattr(import_file, "add", full)
    button(page, "Add to the gallery").click().run()
    assert "The disk is full" in page.error[0].value


def test_a_dropped_image_whose_input_is_gone_asks_for_it(drop, make_result):
    item = items.find(make_result(shade=13))
    data = item.result.files[0].read()
    item.inputs["image"][0].path.unlink()
    page = drop(data)
    assert "shade" in page.info[0].value and "add its inputs" in page.info[0].value
    assert "Make again" not in {element.label for element in page.button}


def test_the_input_that_was_gone_is_taken_back_and_no_other_file(visit, make_result):
    item = items.find(make_result(shade=15))
    data, source = item.result.files[0].read(), item.inputs["image"][0]
    content = source.read()
    source.path.unlink()
    page = visit("gallery")
    page.session_state[dropped_file._PROVENANCE] = import_file.provenance(data, "a.png")
    page.run()
    place = page.file_uploader[0]
    page = place.upload("another.txt", b"something else", "text/plain").run()
    assert "another.txt is not the original input" in page.error[0].value.replace("\\", "")
    assert "Make again" not in {element.label for element in page.button}
    page = page.file_uploader[0].upload("the-same.png", content, "image/png").run()
    assert not page.error
    assert "Make again" in {element.label for element in page.button}
    assert source.read() == content


def test_a_file_that_is_given_twice_is_no_wrong_one_and_each_wrong_one_is_named(monkeypatch, make_result):
    item = items.find(make_result(shade=16))
    data, source = item.result.files[0].read(), item.inputs["image"][0]
    content = source.read()
    source.path.unlink()
    state = {dropped_file._PROVENANCE: import_file.provenance(data, "a.png")}
    monkeypatch.setattr(st, "session_state", state)
    files = [("a.png", content), ("b.png", content), ("c.txt", b"one"), ("d.txt", b"two")]
    state["key"] = [
        SimpleNamespace(name=name, size=len(data), getvalue=lambda data=data: data) for name, data in files
    ]
    state[uploads._turn(dropped_file._INPUTS)] = 0
    uploads._take(dropped_file._INPUTS, 0, "key", dropped_file._take_input)
    assert not state[dropped_file._PROVENANCE].missing
    assert [message[:5] for message in state[uploads.FAULT][1]] == ["c.txt", "d.txt"]


def test_an_image_of_another_studio_is_read_and_no_more(drop, image):
    recipe = recipes.Recipe(task="song.sing", settings={"key": "c"})
    page = drop(image_io.encode_png(image, recipe))
    assert "Another version" in page.warning[0].value
    assert "song.sing" in page.code[0].value
    assert {element.label for element in page.button} == {"Back"}


def test_a_zip_holds_what_was_picked_or_all_that_the_search_found(make_result):
    there = [make_result(shade=shade) for shade in range(3)]

    def shades(query, picked):
        with zipfile.ZipFile(io.BytesIO(selection.zip_items(query, picked, "local"))) as packed:
            return {recipes.read(packed.read(name)).settings["shade"] for name in packed.namelist()}

    assert shades(Filter(), None) == {0, 1, 2}
    assert shades(Filter(words="shade=2"), None) == {2}
    assert shades(Filter(), there[:1]) == {0}


def test_a_zip_that_is_too_large_for_a_browser_is_a_sentence(make_result, monkeypatch):
    make_result(shade=1)
    monkeypatch.setattr(export, "MOST_BYTES", 10)
    with pytest.raises(InsufficientSpace, match="studio gallery export"):
        selection.zip_items(Filter(), None, "local")


def test_a_zip_leaves_out_what_is_gone_and_is_not_offered_where_it_would_be_too_large(
    visit, make_result, monkeypatch
):
    there = [make_result(shade=shade) for shade in (201, 202)]
    items.find(there[0]).result.files[0].path.unlink()
    with zipfile.ZipFile(io.BytesIO(selection.zip_items(Filter(), there, "local"))) as packed:
        assert len(packed.namelist()) == 1
    page = visit("gallery")
    next(element for element in page.toggle if element.label == "Select several").set_value(True).run()
    for picked, most, is_offered in ((there, 10**6, True), (there[:1], 10**6, False), (there, 10, False)):
        monkeypatch.setattr(export, "MOST_BYTES", most)
        grid(page).set_value(picked).run()
        page.run()
        assert not page.exception
        assert page.get("download_button")[0].proto.disabled != is_offered
    assert any("500 items and 500 MB" in caption.value for caption in page.caption)


def test_every_use_is_of_a_page_and_a_slot_that_are_there():
    places = {place.file: place for place in navigation.PAGES}
    for use in use_again.USES:
        capability = places[use.file].capability
        slots = [
            slot
            for name in tasks.TASKS
            if name.startswith(f"{capability}.")
            for slot in tasks.get(name).inputs
        ]
        (slot,) = {slot.name: slot for slot in slots if slot.name == use.slot}.values()
        assert slot.kind == "image"
        assert use.many <= (slot.most > 1)  # a page can take one file where a command takes several


@pytest.mark.parametrize("number", range(len(use_again.USES)))
def test_a_result_is_chosen_where_it_is_used(visit, make_result, number, monkeypatch):
    calls = []
    # Those pages have tests of their own.
    monkeypatch.setattr("streamlit.switch_page", lambda file, **more: calls.append((file, more)))
    id = make_result(shade=60 + number)
    page = visit("gallery", item=id)
    use = use_again.USES[number]
    page.button(key=f"{id}.use_{number}").click().run()
    assert not page.exception
    # Streamlit cannot leave a page with widgets in the address, except with new query parameters.
    assert calls == [(use.file, {"query_params": {}})]
    value = page.session_state[use.slot]
    assert value == ([use.title] if use.many else use.title)
    assert page.session_state[f"{use.slot}.own"][use.title] == items.find(id).result.files[0]


@pytest.mark.slow
def test_the_room_is_told_part_by_part_and_goes_only_when_chosen(visit, make_result):
    make_result(shade=4)
    (paths.folder("channels") / "old.png").write_bytes(bytes(5000))
    page = visit("gallery")
    button(page, "Show disk usage").click().run()
    assert not page.exception
    assert page.button(key="room_free").disabled
    page.checkbox(key="room_channels").check().run()
    assert page.button(key="room_free").label == "Remove 5 kB"
    page.button(key="room_free").click().run()
    assert not (paths.folder("channels") / "old.png").exists()
    assert "Freed 5 kB" in page.success[0].value
    assert index.find()[1] == 1


def test_above_the_limit_the_page_says_so(visit, make_result, monkeypatch):
    make_result(shade=4)
    monkeypatch.setattr("studio.gallery.disk_usage.limit", lambda: 100)
    page = visit("gallery")
    assert "Nothing is deleted automatically" in page.warning[0].value
    monkeypatch.setattr("pages.gallery.disk_usage.owner", lambda: "visitor-1")
    page = visit("gallery")
    assert not page.exception
    assert not page.warning, "a visitor is not asked about the disk"


@pytest.fixture
def alone(chores):
    """Adds an image without inputs."""
    recipe = recipes.Recipe(task="chores.do", settings=chores.ChoreSettings(shade=5, steps=2).model_dump())
    file = File.keep(image_io.encode_png(np.full((48, 64, 3), 5, "uint8"), recipe), "image", "chore.png")
    return items.add(tasks.Result((file,), {}, recipe), 1.0)


def test_a_sweep_is_planned_and_started(visit, alone, engine):
    page = visit("gallery", item=alone)
    page.selectbox(key=f"{alone}.sweep_1").set_value("shade").run()
    page.text_input(key=f"{alone}.sweep_1.shade").set_value("1|2|300").run()
    assert "shade" in " ".join(element.value for element in page.error)
    page.text_input(key=f"{alone}.sweep_1.shade").set_value("1|2|3").run()
    page.selectbox(key=f"{alone}.sweep_2").set_value("do").run()
    page.text_input(key=f"{alone}.sweep_2.do").set_value("count|refuse").run()
    button(page, "Make 6 on one sheet").click().run()
    assert not page.exception
    job = engine.jobs()[0]
    assert job.task == "gallery.sweep"
    assert job.settings["vary"] == ["shade=1|2|3", "do=count|refuse"]
    assert (job.settings["task"], job.settings["base"]["steps"]) == ("chores.do", 2)


@pytest.mark.slow
def test_a_sweep_that_failed_says_why_and_is_run_again(visit, engine, chores, until):
    plan = SweepSettings(
        task="chores.do", base=chores.ChoreSettings().model_dump(mode="json"), vary=("shade=1|2",)
    )
    job = engine.submit("gallery.sweep", plan, {})  # for a process without the chores
    until(lambda: engine.job(job.id).finished)
    page = visit("gallery", job=job.id)
    assert words.plain(engine.job(job.id).error) in page.error[0].value
    button(page, "Run again").click().run()
    assert not page.exception
    again = engine.jobs()[0]
    assert (again.task, again.settings) == (job.task, job.settings) and again.id != job.id
    until(lambda: engine.job(again.id).finished)


def test_what_no_page_has_a_view_for_says_in_the_gallery_why_it_failed(visit, engine, chores, until):
    job = engine.submit("chores.do", chores.ChoreSettings(do="refuse"), {})
    until(lambda: engine.job(job.id).finished)
    page = visit("gallery", job=job.id)
    assert not page.exception and words.plain(engine.job(job.id).error) in page.error[0].value
    assert "Run again" in {element.label for element in page.button}


def test_a_job_that_is_opened_takes_the_place_of_a_dropped_image(visit, make_result, engine, chores, until):
    page, image = visit("gallery"), items.find(make_result(shade=30)).result.files[0].read()
    page.session_state[dropped_file._PROVENANCE] = import_file.provenance(image, "a.png")
    page.run()
    assert "told_back" in {element.key for element in page.button}
    job = engine.submit("chores.do", chores.ChoreSettings(shade=9), {})
    until(lambda: engine.job(job.id).finished)
    page.query_params["job"] = job.id
    page.run()
    assert not page.exception and page.subheader[0].value == r"Chore\: chore"
    assert "told_back" not in {element.key for element in page.button}


def test_a_job_that_failed_does_not_keep_a_dropped_image_from_being_looked_at(
    visit, make_result, engine, chores, until
):
    id = make_result(shade=32)
    data = items.find(id).result.files[0].read()
    removal.remove([id])
    job = engine.submit("chores.do", chores.ChoreSettings(do="refuse"), {})
    until(lambda: engine.job(job.id).finished)
    page = visit("gallery", job=job.id)
    page.file_uploader[0].set_value(("a.png", data, "image/png")).run()
    assert not page.exception
    assert any('"shade": 32' in code.value for code in page.code)


def test_the_cells_of_a_sweep_are_looked_at_one_by_one(visit, alone, chores):
    plan = SweepSettings(
        task="chores.do",
        base=chores.ChoreSettings().model_dump(mode="json"),
        vary=("shade=40|50", "do=count|refuse"),
    )
    id = items.add(tasks.run("gallery.sweep", plan, {}), 1.0)
    page = visit("gallery", item=id)
    assert not page.exception
    assert [element.label for element in page.button].count("Look") == 2
    assert not page.get("page_link") or "Open in Gallery" not in {
        element.proto.label for element in page.get("page_link")
    }
    assert sum("not to my taste" in element.value for element in page.caption) >= 2
    page.button(key="cell_1").click().run()
    assert not page.exception
    assert any('"shade": 50' in code.value for code in page.code)
    button(page, "Back").click().run()
    assert [element.label for element in page.button].count("Look") == 2


@pytest.mark.parametrize(
    "task, title, file",
    [("style.transfer", "Style", "style_photo.py"), ("dream.ascend", "", "browse_gallery.py")],
)
def test_a_video_is_shown_where_its_frames_would_be_if_that_page_shows_videos(
    visit, engine, monkeypatch, task, title, file
):
    frames = [np.full((24, 32, 3), shade, "uint8") for shade in (9, 90)]
    video = File.keep(animations.encode(frames, "gif", 8), "animation", "video.gif")
    recipe = recipes.make("video.repaint", VideoSettings(task=task), {"video": [video]}, {})
    page = visit("gallery", item=items.add(tasks.Result((video,), {}, recipe), 1.0))
    assert not page.exception
    links = [link.proto.label for link in page.get("page_link")]
    assert [label for label in links if label.startswith("Open in")] == [f"Open in {title}"] * bool(title)
    targets = []
    monkeypatch.setattr(engine, "submit", lambda *args: SimpleNamespace(id="1"))
    monkeypatch.setattr("streamlit.switch_page", lambda place, query_params: targets.append(place))
    button(page, "Make again").click().run()
    assert not page.exception and targets == [file]


def test_a_cell_that_is_a_text_is_read_and_becomes_an_item_of_its_own(visit, alone, chores):
    plan = SweepSettings(
        task="chores.write", base=chores.ChoreSettings().model_dump(mode="json"), vary=("steps=3|4",)
    )
    page = visit("gallery", item=items.add(tasks.run("gallery.sweep", plan, {}), 1.0))
    page.button(key="cell_1").click().run()
    assert not page.exception
    assert not page.info, "the text itself is shown"
    button(page, "Add to the gallery").click().run()
    assert not page.exception
    (entry,), _ = index.find(Filter(task="chores.write"))
    assert items.find(entry.id).result.files[0].read() == b"bcde"
    assert items.find(entry.id).settings["steps"] == 4


def test_the_address_of_a_job_that_has_ended_shows_its_item(visit, engine, chores, until):
    job = engine.submit("chores.do", chores.ChoreSettings(shade=8), {})
    until(lambda: engine.job(job.id).finished)
    page = visit("gallery", job=job.id)
    assert page.query_params["item"] in (job.id, [job.id])
    assert page.subheader[0].value.startswith("Chore")


def test_a_trained_model_is_kept_under_a_name_and_then_stands_on_its_page(visit, tmp_path):
    trained = model_zip.pack(tiny_styles.make(tmp_path / "net").folder)
    file = File.keep(trained, "model", "net.zip")
    recipe = presets.from_zip(file).recipe()
    page = visit("gallery", item=items.add(tasks.Result((file,), {}, recipe), 60.0))
    assert not page.exception
    next(element for element in page.text_input if element.label == "Name of the model").set_value(
        "Rainy days"
    )
    button(page, "Keep as model").click()
    page.run()
    assert not page.exception
    assert "choose it on the page Style" in page.toast[0].value
    assert presets.find("Rainy days").task == "style.train"


def test_a_kept_model_and_what_it_learned_from_are_its_visitors_own(visit, tmp_path, monkeypatch):
    sky = File.keep(image_io.encode_png(np.full((32, 32, 3), 9, "uint8")), "image", "rain.png")
    trained = model_zip.pack(tiny_styles.make(tmp_path / "net", learned_from=[sky]).folder)
    presets.unpack(trained, "by-command")
    whose = ["visitor-a"]
    monkeypatch.setattr(owners, "owner", lambda: whose[0])
    monkeypatch.setitem(st.session_state, "model_name", "by-visitor")
    kept_models._keep(File.keep(trained, "model", "net.zip"), "model_name", lambda name: "")
    assert {style.network for style in samples.trained_styles()} >= {"by-command", "by-visitor"}
    for whose[0] in ("visitor-b", "local"):
        by_network = {style.network: style for style in samples.trained_styles()}
        assert "by-command" in by_network and "by-visitor" not in by_network
    assert by_network["by-command"].file().read()


def test_a_model_for_all_paints_for_all_and_gives_nobody_the_images_that_its_recipe_names(
    visit, tmp_path, monkeypatch
):
    whose = ["visitor-a"]
    monkeypatch.setattr(owners, "owner", lambda: whose[0])
    hers = File.keep(image_io.encode_png(np.full((32, 32, 3), (9, 99, 9), "uint8")), "image", "rain.png")
    whose[0] = "local"  # a model of the operator, with files that a visitor may have uploaded
    presets.unpack(model_zip.pack(tiny_styles.make(tmp_path / "net", learned_from=[hers]).folder), "for-all")
    whose[0] = "visitor-b"
    [sample] = [style for style in samples.trained_styles() if style.network == "for-all"]
    assert sample.painting == "rain" and sample.thumbnail == samples.shipped_thumbnail("none")
    with pytest.raises(Unavailable):
        sample.file().read()


def test_a_model_that_names_anothers_image_does_not_show_it(visit, tmp_path, monkeypatch):
    whose = ["visitor-a"]
    monkeypatch.setattr(owners, "owner", lambda: whose[0])
    secret = image_io.encode_png(np.full((32, 32, 3), (200, 9, 9), "uint8"))
    hers = File.keep(secret, "image", "rain.png")
    assert samples.thumbnail_of(hers), "which is now in the memory that all tabs share"
    trained = model_zip.pack(tiny_styles.make(tmp_path / "net", learned_from=[hers]).folder)
    whose[0] = "visitor-b"
    File.keep(trained, "model", "net.zip"), presets.unpack(trained, "forged")
    [sample] = [style for style in samples.trained_styles() if style.network == "forged"]
    assert sample.thumbnail == samples.shipped_thumbnail("none")
    with pytest.raises(Unavailable):
        sample.file().read()


def test_a_recipe_that_calls_anothers_image_a_sample_does_not_open_it(visit, monkeypatch):
    whose = ["visitor-a"]
    for module in (owners, dropped_file):
        monkeypatch.setattr(module, "owner", lambda: whose[0])
    hers = File.keep(image_io.encode_png(np.full((32, 32, 3), (99, 9, 9), "uint8")), "image", "rain.png")
    whose[0] = "visitor-b"
    for name in ("sample:chelsea.png", "sample:x", "chelsea.png", "sample:chelsea"):
        source = {"digest": hers.digest, "name": name}
        recipe = {"version": 1, "task": "style.transfer", "settings": {}, "inputs": {"content": [source]}}
        description = dropped_file._provenance_of(json.dumps(recipe).encode(), "forged.json")
        assert [file.digest for file in description.missing] == [hers.digest]
        assert not hers.is_available


def test_a_result_whose_file_is_gone_takes_no_page_along(visit, make_result, engine):
    id = make_result(shade=233)
    [file] = items.find(id).result.files
    file.path.unlink()
    try:
        page = visit("health")  # its sidebar has the job panel
        assert not page.exception
        assert any(
            "just now" in str(element.value).lower() or "done" in str(element.value).lower()
            for element in page.markdown
        )
    finally:
        engine.job(id).folder.remove()
