"""Forms: built from settings, bound to the address, reset, and validated."""

from __future__ import annotations

import pytest

from pages.form import samples
from studio.dream.settings import DreamSettings
from studio.style.settings import TransferSettings

from ..elements import find_button, press_button


def page_of_form():
    import streamlit as st

    from pages import parts
    from studio.style.settings import TransferSettings

    settings = parts.ask_settings(TransferSettings)
    st.session_state["settings"] = settings
    parts.show_start_button(":material/brush:")


@pytest.fixture
def form(draw):
    return draw(page_of_form)


def get_settings(page):
    return page.session_state["settings"]


def list_keys(elements) -> set[str]:
    return {element.key for element in elements if element.key}


def list_widget_keys(container):
    kinds = ("slider", "select_slider", "number_input", "text_input", "toggle", "selectbox", "button_group")
    return list_keys([element for kind in kinds for element in getattr(container, kind)])


@pytest.mark.slow
def test_untouched_form_gives_the_defaults(form):
    assert not form.exception
    assert get_settings(form) == TransferSettings()


def test_every_setting_has_a_widget_and_only_main_ones_are_outside_more(form):
    fields = TransferSettings.describe()
    folded = list_widget_keys(form.expander[0])
    hidden = {name for name, field in fields.items() if field.tier == "hidden"}
    assert "house" in hidden and not hidden & list_widget_keys(form)
    assert list_widget_keys(form) >= set(fields) - hidden
    assert {name for name, field in fields.items() if field.tier == "more"} <= folded
    assert not {name for name, field in fields.items() if field.tier == "main"} & folded


def test_every_folded_setting_has_a_description(form):
    captions = {caption.value for caption in form.expander[0].caption}
    for field in TransferSettings.describe().values():
        if field.tier == "more":
            assert any(line.startswith(field.help) for line in captions), field.name


def test_changed_widget_changes_the_settings(form):
    form.slider(key="strength").set_value(0.25).run()
    form.button_group(key="mode").set_value("fine").run()
    assert (get_settings(form).strength, get_settings(form).mode) == (0.25, "fine")


@pytest.mark.slow
def test_share_is_shown_in_percent_and_no_limit_as_0(visit):
    [share] = [element for element in visit("classify").slider if element.key == "held_out"]
    assert share.proto.format == "percent" and share.value == 0.3
    [minutes] = [element for element in visit("tune").number_input if element.key == "minutes"]
    assert (minutes.label, minutes.proto.format) == ("Time limit (min)", "%g")


def test_one_or_all_settings_can_be_reset(form):
    form.select_slider(key="stroke_size").set_value(2.0).run()
    form.slider(key="strength").set_value(0.5).run()
    form.button(key="stroke_size.reset").click().run()
    assert (get_settings(form).stroke_size, get_settings(form).strength) == (1.0, 0.5)
    press_button(form, "Reset all")
    assert get_settings(form) == TransferSettings()


def page_of_search():
    import streamlit as st

    from pages import parts
    from studio.tune.settings import TuneSettings

    st.session_state["settings"] = parts.ask_settings(TuneSettings)


def test_invalid_setting_shows_its_error_and_gives_none(draw):
    page = draw(page_of_search)
    page.text_input(key="vary").set_value(", ".join("abcdefghijklmnopqrstuvw")).run()
    assert not page.exception
    assert get_settings(page) is None
    assert "vary" in page.error[0].value


def test_each_start_draws_a_seed_until_it_is_kept(form):
    seeds_used = [get_settings(press_button(form, "Start")).seed for _ in range(2)]
    assert 0 not in seeds_used and seeds_used[0] != seeds_used[1]
    form.checkbox(key="keep_seed").check().run()
    assert get_settings(press_button(form, "Start")).seed == seeds_used[1]
    assert get_settings(press_button(form, "Another seed")).seed != seeds_used[1]


def test_start_has_a_shortcut(form):
    assert find_button(form, "Start").proto.shortcut == "ctrl+enter"  # Streamlit takes Cmd for it on a Mac


def test_typed_seed_is_kept(form):
    form.number_input(key="seed").set_value(7).run()
    assert form.checkbox(key="keep_seed").value
    assert get_settings(press_button(form, "Start")).seed == 7
    press_button(form, "Reset all")
    assert not form.checkbox(key="keep_seed").value


def page_of_training():
    import streamlit as st

    from pages import parts
    from studio.style.settings import TransferSettings

    st.session_state["settings"] = parts.ask_settings(TransferSettings, seed_mode="kept")
    parts.show_start_button(":material/brush:")


def test_training_keeps_its_seed(draw):
    page = press_button(draw(page_of_training), "Start")
    assert page.checkbox(key="keep_seed").value and get_settings(page).seed == 0


@pytest.mark.slow
def test_page_without_a_start_has_a_seed_but_nothing_to_keep(visit):
    page = visit("sketch")
    assert page.number_input(key="seed").value == 0
    assert not [box for box in page.checkbox if box.key == "keep_seed"]
    assert not find_button(page, "Another seed").disabled


@pytest.mark.slow
def test_seed_of_the_address_or_of_a_result_is_kept(visit, engine, until):
    page = visit("dream", seed="7")
    assert page.checkbox(key="keep_seed").value
    page.switch_page("style_photo.py").run()
    assert not page.checkbox(key="keep_seed").value, "each page has its own"
    content = [samples.list_photos()[0].get_file()]
    job = engine.submit(
        "dream.ascend", DreamSettings(seed=11, size=64, steps=1, octaves=1), {"content": content}
    )
    engine.cancel(job.id)
    until(lambda: engine.find_job(job.id).finished)
    page = visit("dream", job=job.id)
    assert not page.exception
    assert (page.number_input(key="seed").value, page.checkbox(key="keep_seed").value) == (11, True)


@pytest.mark.slow
def test_address_sets_the_form(visit):
    page = visit("style", strength="0.3", mode="Fine", content="Coffee", seed="7")
    assert page.slider(key="strength").value == 0.3
    assert page.button_group(key="mode").value == "fine"
    assert page.button_group(key="content").value == "Coffee"
    assert page.number_input(key="seed").value == 7


@pytest.mark.slow
def test_invalid_address_gives_the_defaults(visit):
    page = visit("style", strength="9e9", mode="<script>", content="../../etc", steps="many")
    assert not page.exception
    assert page.slider(key="strength").value == TransferSettings().strength
    assert page.button_group(key="mode").value == TransferSettings().mode


def page_of_dreams():
    import streamlit as st

    from pages import parts
    from studio.dream.settings import DreamSettings

    st.session_state["settings"] = parts.ask_settings(
        DreamSettings, skip=("octaves",), ask_extra=lambda: {"octaves": st.session_state.get("asked", 4)}
    )


def test_untouched_form_of_any_task_gives_its_defaults(draw):
    page = draw(page_of_dreams)
    assert not page.exception
    assert get_settings(page) == DreamSettings()


def test_extra_widgets_are_part_of_the_settings(draw):
    page = draw(page_of_dreams)
    page.session_state["asked"] = 6
    page.run()
    assert get_settings(page).octaves == 6


def test_steps_of_a_ratio_above_0_are_above_0(draw):
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
    st.session_state["settings"] = parts.ask_settings(TransferSettings)


def test_ratio_between_steps_is_restored_and_can_be_changed(draw):
    settings = TransferSettings(stroke_size=0.93, strength=0.63)
    page = draw(page_of_change, values=settings.model_dump())
    page.button[0].click().run()
    assert get_settings(page) == settings
    steps = page.select_slider(key="stroke_size").options
    page.select_slider(key="stroke_size").set_value(2.0).run()
    assert get_settings(page).stroke_size == 2.0
    assert page.select_slider(key="stroke_size").options == steps, "they stay while a user drags"


@pytest.mark.slow
@pytest.mark.parametrize("value, stroke", [("0.93", 0.93), ("0", 1.0), ("nan", 1.0)])
def test_ratio_between_steps_is_restored_after_a_reload(visit, no_live_work, value, stroke):
    page = visit("style", stroke_size=value)
    assert not page.exception and not page.error
    assert page.select_slider(key="stroke_size").value == stroke


@pytest.mark.slow
def test_every_page_has_its_own_seed(visit, no_live_work):
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
def test_pages_share_only_the_size_and_keep_their_own_values(visit, no_live_work):
    page = visit("style", steps="77", size="256", seed="7")
    page.switch_page("dream_photo.py").run()
    assert not page.exception
    fields = DreamSettings.describe()
    assert page.slider(key="steps").value == fields["steps"].default
    assert page.slider(key="total_variation").value == fields["total_variation"].default
    assert page.slider(key="size").value == 256
    page.slider(key="steps").set_value(3).run()
    assert page.slider(key="steps").value == 3
    page.query_params.clear()  # as a link of the menu does
    page.switch_page("style_photo.py").run()
    assert page.number_input(key="steps").value == 77
    page.query_params.clear()
    page.switch_page("dream_photo.py").run()
    assert page.slider(key="steps").value == 3


def test_number_box_and_slider_follow_each_other(form):
    page = form.number_input(key="strength.box").set_value(0.37).run()
    assert get_settings(page).strength == page.slider(key="strength").value == 0.37
    page = page.number_input(key="stroke_size.box").set_value(1.3).run()  # between the steps of its slider
    assert not page.exception
    assert get_settings(page).stroke_size == page.select_slider(key="stroke_size").value == 1.3
    page = page.slider(key="strength").set_value(0.5).run()
    assert page.number_input(key="strength.box").value == 0.5
    assert get_settings(page).stroke_size == 1.3


def test_a_value_set_for_another_form_is_in_the_address(draw):
    def page_of_button():
        import streamlit as st

        from pages.form import forms
        from studio.style.settings import TransferSettings

        st.button("Keep colors", on_click=forms.set_value, args=(TransferSettings, "keep_colors", "matched"))
        st.button("Coarser", on_click=forms.set_value, args=(TransferSettings, "stroke_size", 2.0))

    page = draw(page_of_button)
    press_button(page, "Keep colors")
    press_button(page, "Coarser")
    assert page.query_params["keep_colors"] == "Matched" and page.query_params["stroke_size"] == "2"
