"""Forms: built from settings, bound to the address, reset, and validated."""

from __future__ import annotations

import pytest

from studio.dream.settings import DreamSettings
from studio.style.settings import TransferSettings


def page_of_form():
    import streamlit as st

    from pages import parts
    from studio.style.settings import TransferSettings

    settings = parts.form(TransferSettings)
    st.session_state["settings"] = settings
    parts.start_button(":material/brush:")


@pytest.fixture
def form(draw):
    return draw(page_of_form)


def settings_of(page):
    return page.session_state["settings"]


def keys(elements) -> set[str]:
    return {element.key for element in elements if element.key}


def widgets(place):
    kinds = ("slider", "select_slider", "number_input", "text_input", "toggle", "selectbox", "button_group")
    return keys([element for kind in kinds for element in getattr(place, kind)])


@pytest.mark.slow
def test_untouched_it_gives_the_defaults(form):
    assert not form.exception
    assert settings_of(form) == TransferSettings()


def test_every_setting_has_a_widget_and_only_the_main_ones_are_in_sight(form):
    fields = TransferSettings.describe()
    folded = widgets(form.expander[0])
    hidden = {name for name, field in fields.items() if field.tier == "hidden"}
    assert "house" in hidden and not hidden & widgets(form)
    assert widgets(form) >= set(fields) - hidden
    assert {name for name, field in fields.items() if field.tier == "more"} <= folded
    assert not {name for name, field in fields.items() if field.tier == "main"} & folded


def test_every_folded_setting_says_what_it_does(form):
    captions = {caption.value for caption in form.expander[0].caption}
    for field in TransferSettings.describe().values():
        if field.tier == "more":
            assert any(line.startswith(field.help) for line in captions), field.name


def test_a_changed_widget_changes_the_settings(form):
    form.slider(key="strength").set_value(0.25).run()
    form.button_group(key="mode").set_value("fine").run()
    assert (settings_of(form).strength, settings_of(form).mode) == (0.25, "fine")


@pytest.mark.slow
def test_a_share_is_shown_in_per_cent_and_no_limit_as_a_plain_0(visit):
    [share] = [element for element in visit("classify").slider if element.key == "held_out"]
    assert share.proto.format == "percent" and share.value == 0.3
    [minutes] = [element for element in visit("tune").number_input if element.key == "minutes"]
    assert (minutes.label, minutes.proto.format) == ("Time limit (min)", "%g")


def test_one_setting_and_all_can_be_reset(form):
    form.select_slider(key="stroke_size").set_value(2.0).run()
    form.slider(key="strength").set_value(0.5).run()
    form.button(key="stroke_size.reset").click().run()
    assert (settings_of(form).stroke_size, settings_of(form).strength) == (1.0, 0.5)
    next(button for button in form.button if button.label == "Reset all").click().run()
    assert settings_of(form) == TransferSettings()


def page_of_search():
    import streamlit as st

    from pages import parts
    from studio.tune.settings import TuneSettings

    st.session_state["settings"] = parts.form(TuneSettings)


def test_a_setting_that_is_wrong_is_named_and_gives_none(draw):
    page = draw(page_of_search)
    page.text_input(key="vary").set_value(", ".join("abcdefghijklmnopqrstuvw")).run()
    assert not page.exception
    assert settings_of(page) is None
    assert "vary" in page.error[0].value


def test_an_unlocked_seed_is_rolled_at_the_start_a_locked_one_is_kept(form):
    go = next(button for button in form.button if button.label == "Start")
    go.click().run()
    assert settings_of(form).seed == 0
    form.toggle(key="seed_locked").set_value(False).run()
    next(button for button in form.button if button.label == "Start").click().run()
    assert settings_of(form).seed != 0


@pytest.mark.slow
def test_the_address_sets_the_form(visit):
    page = visit("style", strength="0.3", mode="Fine", content="Coffee", seed="7")
    assert page.slider(key="strength").value == 0.3
    assert page.button_group(key="mode").value == "fine"
    assert page.button_group(key="content").value == "Coffee"
    assert page.number_input(key="seed").value == 7


@pytest.mark.slow
def test_nonsense_in_the_address_gives_the_defaults(visit):
    page = visit("style", strength="9e9", mode="<script>", content="../../etc", steps="many")
    assert not page.exception
    assert page.slider(key="strength").value == TransferSettings().strength
    assert page.button_group(key="mode").value == TransferSettings().mode


def page_of_dreams():
    import streamlit as st

    from pages import parts
    from studio.dream.settings import DreamSettings

    st.session_state["settings"] = parts.form(
        DreamSettings, skip=("octaves",), ask_extra=lambda: {"octaves": st.session_state.get("asked", 4)}
    )


def test_untouched_the_form_of_any_task_gives_its_defaults(draw):
    page = draw(page_of_dreams)
    assert not page.exception
    assert settings_of(page) == DreamSettings()


def test_what_a_page_asks_for_beside_the_form_is_part_of_the_settings(draw):
    page = draw(page_of_dreams)
    page.session_state["asked"] = 6
    page.run()
    assert settings_of(page).octaves == 6


def test_a_ratio_that_must_be_above_nothing_has_steps_that_are(draw):
    page = draw(page_of_dreams)
    steps = [float(option) for option in page.select_slider(key="step_size").options]
    assert 0 < steps[0] < 0.001
    assert steps[-1] == 0.1


def page_of_change(values):
    import streamlit as st

    from pages import parts
    from pages.form import forms
    from studio.style.settings import TransferSettings

    settings = TransferSettings.parse(values)
    st.button("Change", on_click=forms.prefill, args=(settings,))
    st.session_state["settings"] = parts.form(TransferSettings)


def test_a_ratio_between_the_steps_comes_back_into_the_form_and_can_be_left(draw):
    settings = TransferSettings(stroke_size=0.93, strength=0.63)
    page = draw(page_of_change, values=settings.model_dump())
    page.button[0].click().run()
    assert settings_of(page) == settings
    steps = page.select_slider(key="stroke_size").options
    page.select_slider(key="stroke_size").set_value(2.0).run()
    assert settings_of(page).stroke_size == 2.0
    assert page.select_slider(key="stroke_size").options == steps, "they stay while a user drags"


@pytest.mark.slow
@pytest.mark.parametrize(
    "value, stroke", [("0.93", 0.93), ("0", 1.0), ("-1", 1.0), ("nan", 1.0), ("1e9", 1.0)]
)
def test_a_ratio_between_the_steps_comes_back_with_a_reload(visit, value, stroke):
    page = visit("style", stroke_size=value)
    assert not page.exception and not page.error
    assert page.select_slider(key="stroke_size").value == stroke


@pytest.mark.slow
def test_every_page_has_a_seed_of_its_own(visit):
    page = visit("style", seed="7")
    for file in ("dream_photo.py", "generate_faces.py", "tune_settings.py", "style_photo.py"):
        page.switch_page(file).run()
        assert not page.exception
        assert page.number_input(key="seed").value == 0
        page.number_input(key="seed").set_value(9).run()
        assert page.number_input(key="seed").value == 9
    page.switch_page("show_studio.py").run()
    page.switch_page("dream_photo.py")
    page.query_params["seed"] = "5"  # a link can contain another value
    assert page.run().number_input(key="seed").value == 5


@pytest.mark.slow
def test_what_two_pages_call_the_same_stays_on_its_page_but_for_the_size(visit):
    page = visit("style", steps="77", size="256", seed="7")
    page.switch_page("dream_photo.py").run()
    assert not page.exception
    fields = DreamSettings.describe()
    assert page.slider(key="steps").value == fields["steps"].default
    assert page.slider(key="smoothness").value == fields["smoothness"].default
    assert page.slider(key="size").value == 256
    page.slider(key="steps").set_value(3).run()
    assert page.slider(key="steps").value == 3
    page.switch_page("style_photo.py").run()
    assert page.number_input(key="steps").value is None


def test_a_number_typed_beside_a_slider_moves_it_and_follows_it(form):
    page = form.number_input(key="strength.box").set_value(0.37).run()
    assert settings_of(page).strength == page.slider(key="strength").value == 0.37
    page = page.number_input(key="stroke_size.box").set_value(1.3).run()  # between the steps of its slider
    assert not page.exception
    assert settings_of(page).stroke_size == page.select_slider(key="stroke_size").value == 1.3
    page = page.slider(key="strength").set_value(0.5).run()
    assert page.number_input(key="strength.box").value == 0.5
    assert settings_of(page).stroke_size == 1.3
