"""The form of a task, made from its settings class: main settings in sight, the rest under "More"."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from pages.form import sliders
from pages.widgets import keys, numbers, words
from studio.core.errors import StudioError
from studio.core.settings import SettingInfo, Settings

MOST_SEED = 2**31 - 1
LOCK = "seed_locked"
SHARED = ("size",)  # means the same on every page, so its value is carried from page to page
SEED = "seed"  # some pages ask for it outside the form
FRAMES = 60  # default length of a video: four seconds at 15 frames per second
_LAST = "form_last"
MOST_LETTERS = 22  # of all choices together that fit into one row
S = TypeVar("S", bound=Settings)


def form(
    kind: type[S],
    *,
    skip: Collection[str] = (),
    unshared: Collection[str] = (),
    fold: Collection[str] = (),
    unfold: Collection[str] = (),
    proposed: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    ask_extra: Callable[[], Mapping[str, Any]] | None = None,
    more: Callable[[], None] | None = None,
    reset: Callable[[], None] | None = None,
) -> S | None:
    """Draws the widgets of a settings class; the address keeps their values under the names of the fields.

    Args:
        kind: the settings class.
        skip: fields without a widget in this form.
        unshared: fields of `SHARED` that mean something else on this page.
        fold: main fields that go under "More".
        unfold: other fields that are in sight.
        proposed: initial values that replace the defaults.
        extra: values of skipped fields.
        ask_extra: draws widgets of skipped fields in sight and returns their values.
        more: draws more widgets under "More".
        reset: callback that resets the page's other widgets on "Reset all".

    Returns:
        The settings, or None after showing an error.
    """
    fields = {
        name: field for name, field in kind.describe().items() if name not in skip and not field.local_only
    }
    fields = {name: field for name, field in fields.items() if field.tier != "hidden"}
    fields |= {name: replace(fields[name], default=value) for name, value in (proposed or {}).items()}
    _forget(kind.__name__, fields, unshared)
    values = dict(extra or {})
    main_names = {name for name, field in fields.items() if field.tier == "main"} - set(fold) | set(unfold)
    video = [field for field in fields.values() if field.video]
    main_fields = [field for name, field in fields.items() if name in main_names and field not in video]
    for field in main_fields:
        values[field.name] = _setting(field, folded=False)
    if ask_extra is not None:
        values |= ask_extra()
    if video:
        values |= _video(video)
    with st.expander("More", icon=":material/tune:", key=f"more_{kind.__name__}"):  # open where it moves
        for field in fields.values():
            if field not in (*main_fields, *video):
                values[field.name] = _setting(field, folded=True)
        if more is not None:
            more()

        st.button(
            "Reset all",
            icon=":material/restart_alt:",
            type="tertiary",
            on_click=_reset,
            args=(list(fields.values()), reset),
        )
    try:
        return kind.parse({name: value for name, value in values.items() if value is not None})
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def _video(fields: Sequence[SettingInfo]) -> dict[str, Any]:
    """Draws a switch and, when it is on, the video settings. Returns their values."""
    frames, *parts = sorted(fields, key=lambda field: field.video != "frames")
    if not st.toggle(frames.label, key=_switch_key(frames), bind="query-params", help=frames.help):
        return {frames.name: 0}
    with st.container(border=True):
        shared: dict[str, Any] = {"key": frames.name, "bind": "query-params"}
        count = st.slider("Frames", 2, int(frames.most or FRAMES), int(_default(frames)), **shared)
        return {frames.name: count} | {field.name: _setting(field, folded=False) for field in parts}


def _switch_key(frames: SettingInfo) -> str:
    return keys.part(frames.name, "on")


def fields(kind: type[Settings], names: Collection[str]) -> dict[str, Any]:
    """Draws the widgets of some settings, like the main ones of `form`. Returns their values."""
    return {name: _setting(field, folded=False) for name, field in kind.describe().items() if name in names}


def start_button(icon: str, label: str = "Start") -> bool:
    """Draws the start button, which stays in sight below a long form. Returns whether it was pressed."""
    with st.container(key="start"):
        return st.button(label, type="primary", icon=icon, width="stretch", on_click=draw_seed)


def one_of(
    label: str, titles: Mapping[str, str], *, key: str, default: str = "", hidden: bool = False
) -> str:
    """Draws a row of options, one of which is always selected. Returns its name.

    Args:
        label: of the row.
        titles: of the options, by name.
        key: of the widget and in the address.
        default: name of the preselected option; "" for the first.
        hidden: whether only screen readers get the label.
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
        label_visibility="collapsed" if hidden else "visible",
    )


def drop_stale_choice(key: str, options: Collection[Any]) -> None:
    """Drops a selection that is not an option here, left by another page's widget of the same key.

    Otherwise the widget would return None and write that into the address.
    """
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]


def draw_seed() -> None:
    """Draws a new seed before a run unless the seed is locked. Call it from a callback."""
    if not st.session_state.get(LOCK, True):
        new_seed()


def _forget(kind: str, fields: Mapping[str, SettingInfo], unshared: Collection[str]) -> None:
    """Drops values that another form left under the same names: they may be invalid here.

    Where the address has no value, writes the default: otherwise the browser would keep the old value.
    """
    previous_kind, names, other_unshared = st.session_state.get(_LAST, (kind, (), ()))
    if previous_kind != kind:
        for name in {SEED, *(set(names) & set(fields) - (set(SHARED) - set(unshared) - set(other_unshared)))}:
            if (
                st.session_state.pop(name, None) is not None
                and name in fields
                and name not in st.query_params
            ):
                st.session_state[name] = _default(fields[name])
    st.session_state[_LAST] = (kind, tuple(fields), tuple(unshared))


def prefill(settings: Settings) -> None:
    """Fills the form with settings, except lists, texts and dicts, which the page fills itself."""
    kind = type(settings)
    names = [name for name, field in kind.describe().items() if field.kind not in ("list", "text", "dict")]
    for name in names:
        sliders.put(name, getattr(settings, name))
    for field in kind.describe().values():
        if field.video == "frames":
            st.session_state[_switch_key(field)] = getattr(settings, field.name) > 0
            if not getattr(settings, field.name):
                st.session_state.pop(field.name)  # 0 is below the range of the slider
    # Otherwise `_forget` would drop the values that another page's form has, too.
    st.session_state[_LAST] = (kind.__name__, tuple(names), ())


def switch_to(kind: type[Settings], other: type[Settings]) -> None:
    """Resets the fields that two forms of a page share. Call it before the form is drawn.

    Otherwise the address would give them the values of the other form.
    """
    fields = kind.describe()
    _reset([field for name, field in fields.items() if name in other.describe()])
    st.session_state[_LAST] = (kind.__name__, tuple(fields), ())


def _setting(field: SettingInfo, folded: bool) -> Any:
    if field.name == "seed":
        return _seed(field)
    help = field.help if not folded else None
    value = _widget(field, help)
    if folded:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(field.help)
            if value != _default(field):
                st.button(
                    "Reset",
                    key=keys.part(field.name, "reset"),
                    type="tertiary",
                    icon=":material/restart_alt:",
                    on_click=_reset,
                    args=([field],),
                )
    return _parse(field, value)


def _widget(field: SettingInfo, help: str | None) -> Any:
    shared: dict[str, Any] = {"key": field.name, "bind": "query-params", "help": help}
    label = field.title
    if field.kind == "bool":
        return st.toggle(label, value=field.default, **shared)
    if field.kind == "choice":
        if len(field.choices) <= 4:
            drop_stale_choice(field.name, field.choices)
            wide = sum(len(words.choice(choice)) for choice in field.choices) > MOST_LETTERS
            choose = {"default": field.default, "required": True, "width": "stretch", "wrap": wide}
            return st.segmented_control(label, field.choices, format_func=words.choice, **choose, **shared)
        index = field.choices.index(field.default)
        return st.selectbox(label, field.choices, index=index, format_func=words.choice, **shared)
    if field.kind in ("text", "list"):
        return st.text_input(label, value=_default(field), **shared)
    if field.default is None or field.least is None or field.most is None:
        limits: dict[str, Any] = {"min_value": field.least, "max_value": field.most, "step": field.step}
        limits |= {} if field.kind == "int" else {"format": "%g"}
        return numbers.number(label, value=field.default, placeholder="chosen for you", **limits, **shared)
    return sliders.slider(field, label, help)


def _seed(field: SettingInfo) -> int:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = numbers.number(
            field.label,
            min_value=0,
            max_value=MOST_SEED,
            value=field.default,
            key="seed",
            bind="query-params",
        )
        st.button("Another seed", icon=":material/casino:", on_click=new_seed, help="Use a new random seed")
    st.toggle("Lock the seed", value=True, key=LOCK, persist_state="session")
    st.caption(f"{field.help} While unlocked, each run uses a new random seed.")
    return value


def new_seed() -> None:
    """Sets a random seed. Call it from a callback."""
    st.session_state["seed"] = random.SystemRandom().randint(0, MOST_SEED)


def reset_fields(kind: type[Settings], names: Collection[str]) -> None:
    """Resets some settings to their defaults. Call it from a callback."""
    _reset([field for name, field in kind.describe().items() if name in names])


def _reset(fields: Collection[SettingInfo], reset: Callable[[], None] | None = None) -> None:
    # Write the default: the address would restore a value that is only deleted.
    for field in fields:
        st.session_state[field.name] = _default(field)
        if field.video == "frames":
            st.session_state[_switch_key(field)] = False
    if reset is not None:
        reset()


def _default(field: SettingInfo) -> Any:
    if field.kind == "list":
        return ", ".join(str(value) for value in field.default)
    return field.default or FRAMES if field.video == "frames" else field.default


def _parse(field: SettingInfo, value: Any) -> Any:
    if field.kind == "list" and isinstance(value, str):
        return [part for part in value.replace(",", " ").split() if part]
    return value
