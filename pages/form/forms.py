"""The form of a task, made from its settings class: main settings first, the others under "More"."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from pages.form import problems, seeds, sliders
from pages.widgets import keyboard, keys, numbers, words
from studio.core.errors import StudioError
from studio.core.settings import SettingInfo, Settings

SHARED_FIELDS = ("size",)  # means the same on every page, so its value is carried from page to page
DEFAULT_FRAMES = 60  # of a video: four seconds at 15 frames per second
_VARIANTS_KEY = "start_variants"
_MORE = "More"
_UNFOLD_KEY = "form_unfolds"  # in the session: names of settings that must be in view, and a text with labels
_FORMS_KEY = "forms"  # in the session: the form that last had each field, and whether it was shared there
_VALUES_KEY = "form_values"  # in the session: for each form, its values that another form has replaced
MAX_ROW_CHARACTERS = 22  # of all choices together that fit into one row
S = TypeVar("S", bound=Settings)


def ask_settings(
    kind: type[S],
    *,
    skip: Collection[str] = (),
    unshared: Collection[str] = (),
    fold: Collection[str] = (),
    unfold: Collection[str] = (),
    initial_values: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    ask_extra: Callable[[], Mapping[str, Any]] | None = None,
    show_more: Callable[[], None] | None = None,
    reset_more: Callable[[], None] | None = None,
    seed_mode: seeds.Mode = "random",
) -> S | None:
    """Draws the widgets of a settings class; the address keeps their values under the names of the fields.

    Args:
        kind: the settings class.
        skip: fields without a widget in this form.
        unshared: fields of `SHARED_FIELDS` that mean something else on this page.
        fold: main fields that go under "More".
        unfold: other fields that do not go under "More".
        initial_values: initial values that replace the defaults.
        extra: values of skipped fields.
        ask_extra: draws widgets of skipped fields above "More" and returns their values.
        show_more: draws more widgets under "More".
        reset_more: callback that resets the page's other widgets on "Reset all".
        seed_mode: what a start does with the seed at first.

    Returns:
        The settings, or None after showing an error.
    """
    fields = {
        name: field for name, field in kind.describe().items() if name not in skip and not field.local_only
    }
    fields = {name: field for name, field in fields.items() if field.tier != "hidden"}
    fields |= {name: replace(fields[name], default=value) for name, value in (initial_values or {}).items()}
    _replace_values_of_other_forms(kind.__name__, fields, unshared)
    seeds.decide_to_keep(kind.__name__, seed_mode if seeds.FIELD in fields else "live")
    values = dict(extra or {})
    main_names = {name for name, field in fields.items() if field.tier == "main"} - set(fold) | set(unfold)
    video_fields = [field for field in fields.values() if field.video]
    main_fields = [
        field for name, field in fields.items() if name in main_names and field not in video_fields
    ]
    for field in main_fields:
        values[field.name] = _ask_setting(field, is_folded=False, seed_mode=seed_mode)
    if ask_extra is not None:
        values |= ask_extra()
    if video_fields:
        values |= _ask_video(video_fields)
    folded_fields = [field for field in fields.values() if field not in (*main_fields, *video_fields)]
    is_unfolded = any(map(_is_mentioned, folded_fields))
    with st.expander(_MORE, icon=":material/tune:", key=f"more_{kind.__name__}", expanded=is_unfolded):
        for field in folded_fields:
            values[field.name] = _ask_setting(field, is_folded=True, seed_mode=seed_mode)
        if show_more is not None:
            show_more()
        st.button(
            "Reset all",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=_reset_form,
            args=(list(fields.values()), seed_mode, reset_more),
        )
    try:
        return kind.parse({name: value for name, value in values.items() if value is not None})
    except StudioError as error:
        problems.show(str(error))
        return None


def _ask_video(fields: Sequence[SettingInfo]) -> dict[str, Any]:
    """Draws a switch and, when it is on, the video settings. Returns their values."""
    frames, *other_fields = sorted(fields, key=lambda field: field.video != "frames")
    if not st.toggle(frames.label, key=_switch_key(frames.name), bind="query-params", help=frames.help):
        return {frames.name: 0}
    with st.container(border=True):
        count = st.slider(
            "Frames",
            2,
            int(frames.maximum or DEFAULT_FRAMES),
            int(_default_value(frames)),
            key=frames.name,
            bind="query-params",
        )
        return {frames.name: count} | {
            field.name: _ask_setting(field, is_folded=False) for field in other_fields
        }


def _switch_key(frames: str) -> str:
    return keys.part(frames, "on")


def is_video_on(frames: str) -> bool:
    """Returns whether the video switch of a setting of frames is on, also with invalid settings."""
    return bool(st.session_state.get(_switch_key(frames)))


def ask_fields(kind: type[Settings], names: Collection[str]) -> dict[str, Any]:
    """Draws the widgets of some settings, like the main ones of `ask_settings`. Returns their values."""
    return {
        name: _ask_setting(field, is_folded=False) for name, field in kind.describe().items() if name in names
    }


def show_start_button(
    icon: str, label: str = "Start", is_ready: bool = True, offers_variants: bool = False
) -> bool:
    """Draws the start button, which stays in sight below a long form. Returns whether it was pressed.

    Args:
        icon: of the button.
        label: of the button.
        is_ready: whether the form can be started; if not, the button is disabled and says why.
        offers_variants: whether a second button asks for variants, see `is_variants_clicked`.
    """
    with st.container(key="start"):
        # The container is there without a message, too: otherwise the buttons would change their place with
        # it, and the ones of the last run would stay beside them until the page's run ends.
        with st.container(key="start_problem"):
            if not is_ready and (message := problems.get_first()):
                st.caption(f":material/info: {words.escape(message)}")
        with st.container(horizontal=True, wrap=False, gap="small"):
            is_started = st.button(
                label,
                type="primary",
                icon=icon,
                width="stretch",
                on_click=seeds.draw_unless_kept,
                shortcut=keyboard.START,
                disabled=not is_ready,
            )
            if offers_variants:
                st.button(
                    "4 variants",
                    icon=":material/grid_view:",
                    key=_VARIANTS_KEY,
                    help="Makes four small drafts with four seeds, to choose from",
                    disabled=not is_ready,
                )
        return is_started


def is_variants_clicked() -> bool:
    """Returns whether the button for variants was pressed, where `show_start_button` offers it."""
    return bool(st.session_state.get(_VARIANTS_KEY))


def ask_choice(
    label: str, titles: Mapping[str, str], *, key: str, default: str = "", hide_label: bool = False
) -> str:
    """Draws a row of options, one of which is always selected. Returns its name.

    Args:
        label: of the row.
        titles: of the options, by name.
        key: of the widget and in the address.
        default: name of the preselected option; "" for the first.
        hide_label: whether only screen readers get the label.
    """
    drop_stale_choice(key, titles)
    return st.segmented_control(
        label,
        list(titles),
        format_func=titles.__getitem__,
        default=default or next(iter(titles)),
        required=True,
        key=key,
        bind="query-params",
        width="stretch",
        wrap=True,  # else a row wider than its column scrolls sideways
        label_visibility="collapsed" if hide_label else "visible",
    )


def drop_stale_choice(key: str, options: Collection[Any]) -> None:
    """Drops a selection that is not an option here, left by another page's widget of the same key.

    Otherwise the widget would return None and write that into the address.
    """
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]


def drop_values(kind: type[Settings]) -> None:
    """Drops the values of a form, so that it takes those of the address, else its defaults.

    Call it when another page was drawn before this one.
    """
    st.session_state.get(_VALUES_KEY, {}).pop(kind.__name__, None)
    for field in kind.describe().values():
        st.session_state.pop(field.name, None)
        if field.video == "frames":
            st.session_state.pop(_switch_key(field.name), None)


def unfold(names: Collection[str], text: str) -> None:
    """Unfolds "More" of the next forms if it has one of these settings, or if a text mentions it.

    Args:
        names: of settings.
        text: contains labels of settings, with their capitals.
    """
    st.session_state[_UNFOLD_KEY] = (tuple(names), text)


def _is_mentioned(field: SettingInfo) -> bool:
    names, text = st.session_state.get(_UNFOLD_KEY, ((), ""))
    return field.name in names or any(label in text for label in (_MORE, field.label))


def _replace_values_of_other_forms(
    kind: str, fields: Mapping[str, SettingInfo], unshared: Collection[str]
) -> None:
    """Replaces values that other forms left under the same names, because they may be invalid here.

    Where the address has no value, writes the last one of this form or the default: otherwise the browser
    would keep the old value.
    """
    forms: Mapping[str, tuple[str, bool]] = st.session_state.get(_FORMS_KEY, {})
    replaced: dict[str, dict[str, Any]] = st.session_state.setdefault(_VALUES_KEY, {})
    own_values = replaced.setdefault(kind, {})
    for name in {seeds.FIELD, *fields}:
        form, was_shared = forms.get(name, (kind, False))
        is_shared = was_shared and name in SHARED_FIELDS and name not in unshared
        if form == kind or is_shared or name not in st.session_state:
            continue
        if name != seeds.FIELD:  # each visit begins with the default seed
            replaced.setdefault(form, {})[name] = st.session_state[name]
        if name in fields and name not in st.query_params:
            st.session_state[name] = own_values.get(name, _default_value(fields[name]))
        else:
            del st.session_state[name]
    _note_form(kind, fields, unshared)


def _note_form(kind: str, names: Collection[str], unshared: Collection[str] = ()) -> None:
    """Notes that the values of these fields belong to a form."""
    forms: dict[str, tuple[str, bool]] = st.session_state.setdefault(_FORMS_KEY, {})
    shared = set(SHARED_FIELDS) - set(unshared)
    forms.update({name: (kind, name in shared) for name in (seeds.FIELD, *names)})


def prefill(settings: Settings) -> None:
    """Fills the form with settings, except lists, texts and dicts, which the page fills itself."""
    kind = type(settings)
    names = [name for name, field in kind.describe().items() if field.kind not in ("list", "text", "dict")]
    for name in names:
        sliders.set_value(name, getattr(settings, name))
    for field in kind.describe().values():
        if field.video == "frames":
            st.session_state[_switch_key(field.name)] = getattr(settings, field.name) > 0
            if not getattr(settings, field.name):
                st.session_state.pop(field.name)  # 0 is below the range of the slider
    # Otherwise `_replace_values_of_other_forms` would drop the values that another page's form has, too.
    _note_form(kind.__name__, names)
    if seeds.FIELD in names:
        seeds.restore(kind.__name__)


def set_value(kind: type[Settings], name: str, value: Any) -> None:
    """Sets a choice or a number of a form that may not be drawn now. Call it from a callback."""
    sliders.set_value(name, value)
    # A new widget does not write the value that it is given into the address, so a reload would lose it.
    is_choice = kind.describe()[name].kind == "choice"
    st.query_params[name] = words.choice_label(value) if is_choice else f"{value:g}"
    _note_form(kind.__name__, [name])


def reset_common_fields(kind: type[Settings], other: type[Settings]) -> None:
    """Resets the fields that two forms of a page share. Call it before the form is drawn.

    Otherwise the address would give them the values of the other form.
    """
    fields = kind.describe()
    _reset_fields([field for name, field in fields.items() if name in other.describe()])
    _note_form(kind.__name__, fields)


def _ask_setting(field: SettingInfo, is_folded: bool, seed_mode: seeds.Mode = "random") -> Any:
    if field.name == seeds.FIELD:
        return seeds.ask(field, seed_mode)
    value = _show_widget(field, None if is_folded else field.help)
    if is_folded:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(field.help)
            if value != _default_value(field):
                st.button(
                    "Reset",
                    key=keys.part(field.name, "reset"),
                    type="tertiary",
                    icon=":material/restart_alt:",
                    on_click=_reset_fields,
                    args=([field],),
                )
    if field.kind == "list" and isinstance(value, str):
        return value.replace(",", " ").split()
    return value


def _show_widget(field: SettingInfo, help: str | None) -> Any:
    """Draws the widget of a field. Returns its value."""
    options: dict[str, Any] = {"key": field.name, "bind": "query-params", "help": help}
    label = field.title
    if field.kind == "bool":
        return st.toggle(label, value=field.default, **options)
    if field.kind == "choice":
        if len(field.choices) <= 4:
            drop_stale_choice(field.name, field.choices)
            wrap = sum(len(words.choice_label(choice)) for choice in field.choices) > MAX_ROW_CHARACTERS
            return st.segmented_control(
                label,
                field.choices,
                format_func=words.choice_label,
                default=field.default,
                required=True,
                width="stretch",
                wrap=wrap,
                **options,
            )
        index = field.choices.index(field.default)
        return st.selectbox(label, field.choices, index=index, format_func=words.choice_label, **options)
    if field.kind in ("text", "list"):
        return st.text_input(label, value=_default_value(field), **options)
    if field.default is None or field.minimum is None or field.maximum is None:
        limits: dict[str, Any] = {"min_value": field.minimum, "max_value": field.maximum, "step": field.step}
        if field.kind == "float":  # Streamlit refuses whole numbers next to floats.
            limits = {name: None if value is None else float(value) for name, value in limits.items()}
            limits["format"] = "%g"
        return numbers.ask_number(
            label, value=field.default, placeholder="chosen for you", **limits, **options
        )
    return sliders.show_slider(field, label, help)


def reset_fields(kind: type[Settings], names: Collection[str]) -> None:
    """Resets some settings to their defaults. Call it from a callback."""
    _reset_fields([field for name, field in kind.describe().items() if name in names])


def _reset_form(
    fields: Collection[SettingInfo], seed_mode: seeds.Mode, reset_more: Callable[[], None] | None
) -> None:
    _reset_fields(fields)
    seeds.reset(seed_mode)
    if reset_more is not None:
        reset_more()


def _reset_fields(fields: Collection[SettingInfo]) -> None:
    # Write the default: the address would restore a value that is only deleted.
    for field in fields:
        st.session_state[field.name] = _default_value(field)
        if field.video == "frames":
            st.session_state[_switch_key(field.name)] = False


def _default_value(field: SettingInfo) -> Any:
    """Returns the default of a field as its widget takes it."""
    if field.kind == "list":
        return ", ".join(str(value) for value in field.default)
    return field.default or DEFAULT_FRAMES if field.video == "frames" else field.default
