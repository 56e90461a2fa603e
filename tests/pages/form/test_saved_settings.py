"""Saved settings fill the form of every page."""

from __future__ import annotations

import pytest

from pages.form import saved_settings
from studio.core import tasks
from studio.run import saved_settings as library

from ..elements import find_button_by_key, open_popover

# For each page with a task: its address, the task, and settings that differ from the defaults.
PAGES = {
    "style": ("style", {}, "style.transfer", {"strength": 0.3, "mode": "draft", "seed": 5}),
    "house": ("style", {}, "style.transfer", {"house": ["wash", "mosaic"], "style_weights": [1.0, 0.5]}),
    "dream": ("dream", {}, "dream.ascend", {"look": "eyes", "octaves": 2}),
    "channels": ("dream", {}, "dream.ascend", {"layers": ["mixed4:71=0.5", "mixed5"], "steps": 9}),
    "video": ("dream", {}, "dream.ascend", {"zoom": 30, "fps": 12}),
    "enhance": ("enhance", {}, "enhance.enlarge", {"scale": 3, "denoise": 0.5}),
    "colorize": ("colorize", {}, "colorize.apply", {"vividness": 0.5}),
    "sketch": ("sketch", {}, "sketch.paint", {"night": True}),
    "faces": ("faces", {}, "faces.draw", {"preset": "digits-vae", "truncation": 0.5, "n": 16, "seed": 4}),
    "write": ("text", {}, "text.write", {"preset": "alice", "temperature": 1.2, "stop": "THE END"}),
    "language_model": ("text", {"do": "Your text"}, "text.train", {"units": 64, "epochs": 3}),
    "playground": ("playground", {}, "playground.train", {"size": 256, "seed": 3}),
    "lab": ("lab", {}, "lab.train", {"kind": "sparse", "seed": 3}),
    "dreams": ("lab", {"lab_model": "Boltzmann machine"}, "lab.boltzmann", {"seed": 3}),
    "draw": ("train-generator", {}, "dcgan.train", {"steps": 500, "test_every": 50, "scored": 0, "seed": 3}),
    "classify": ("classify", {}, "classify.train", {"backbone": "vgg16", "held_out": 0.3}),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", PAGES)
def test_saved_settings_fill_the_form(visit, no_live_work, case):
    address, params, task, changes = PAGES[case]
    settings = tasks.get(task).settings.parse(changes)
    library.save(task, case, settings)
    slot = f"settings_{task.partition('.')[0]}"
    page = visit(address, **params)
    open_popover(page, slot)
    number = library.list_names(task).index(case)
    find_button_by_key(page, f"{slot}.{number}.use").click().run()
    assert not page.exception
    open_popover(page, slot)
    next(element for element in page.text_input if element.key == f"{slot}.name").set_value(f"{case} again")
    find_button_by_key(page, f"{slot}.save").click().run()
    assert library.load(task, f"{case} again") == settings
    find_button_by_key(page, f"{slot}.{number}.remove").click().run()
    assert case not in library.list_names(task)


@pytest.mark.slow
def test_invalid_file_shows_an_error_in_the_popover(visit, no_live_work):
    page = visit("style")
    open_popover(page, "settings_style")
    data = library.to_json("dream.ascend", tasks.get("dream.ascend").settings())
    next(element for element in page.file_uploader if element.key.startswith("settings_style")).upload(
        "a.json", data.encode()
    )
    page.run()
    assert "those of Dream" in page.error[0].value


def test_number_between_slider_steps_snaps_to_the_nearest(monkeypatch):
    state = {"units": 100}
    monkeypatch.setattr(saved_settings.st, "session_state", state)
    saved_settings.snap_to_nearest((64, 96, 128), "units")
    assert state == {"units": 96}
