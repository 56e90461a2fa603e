"""The form of a task, made from its settings: the few that matter in sight, the rest folded."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import streamlit as st

from pages.form import sliders
from pages.widgets import keys, numbers, words
from studio.core.errors import StudioError
from studio.core.settings import Described, Settings

MOST_SEED = 2**31 - 1
LOCK = "seed_locked"
SHARED = ("size",)  # means the same on every page, so that it goes with a user from one to another
SEED = "seed"  # which some pages ask for next to the form
FRAMES = 60  # of a video at first: four seconds at 15 frames per second
_LAST = "form_last"
MOST_LETTERS = 22  # of all choices together, that fit into one row of the form
S = TypeVar("S", bound=Settings)


def form(
    kind: type[S],
    *,
    skip: Collection[str] = (),
    apart: Collection[str] = (),
    fold: Collection[str] = (),
    unfold: Collection[str] = (),
    proposed: Mapping[str, Any] | None = None,
    extra: Mapping[str, Any] | None = None,
    beside: Callable[[], Mapping[str, Any]] | None = None,
    more: Callable[[], None] | None = None,
    reset: Callable[[], None] | None = None,
) -> S | None:
    """Draws the widgets of a settings class, bound to the address under the names of its fields.

    Args:
        skip: fields that the page asks for itself, or not at all.
        apart: fields that mean something else here than on the pages that share their name.
        fold: main fields that are folded here with the rest.
        unfold: others that are in sight here.
        proposed: values that fields begin with here instead of their defaults.
        extra: values of skipped fields.
        beside: draws what else belongs in sight, and gives the values of skipped fields that it asks for.
        more: draws what else belongs under "More".
        reset: puts back what the page asks for besides; a callback.

    Returns:
        The settings, or None after showing what is wrong with them.
    """
    known = {name: field for name, field in kind.described().items() if name not in skip and not field.here}
    known = {name: field for name, field in known.items() if field.tier != "hidden"}
    known |= {name: replace(known[name], default=value) for name, value in (proposed or {}).items()}
    _forget(kind.__name__, known, apart)
    values = dict(extra or {})
    shown = {name for name, field in known.items() if field.tier == "main"} - set(fold) | set(unfold)
    video = [field for field in known.values() if field.video]
    sight = [field for name, field in known.items() if name in shown and field not in video]
    for field in sight:
        values[field.name] = _setting(field, folded=False)
    if beside is not None:
        values |= beside()
    if video:
        values |= _video(video)
    with st.expander("More", icon=":material/tune:", key=f"more_{kind.__name__}"):  # open where it moves
        for field in known.values():
            if field not in (*sight, *video):
                values[field.name] = _setting(field, folded=True)
        if more is not None:
            more()
        fields = list(known.values())
        st.button(
            "Reset all", icon=":material/restart_alt:", type="tertiary", on_click=_reset, args=(fields, reset)
        )
    try:
        return kind.parse({name: value for name, value in values.items() if value is not None})
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def _video(fields: Sequence[Described]) -> dict[str, Any]:
    """A switch and, when it is on, the settings of the video that the task then makes; gives their values."""
    frames, *parts = sorted(fields, key=lambda field: field.video != "frames")
    if not st.toggle(frames.label, key=_switch(frames), bind="query-params", help=frames.help):
        return {frames.name: 0}
    with st.container(border=True):
        shared: dict[str, Any] = {"key": frames.name, "bind": "query-params"}
        count = st.slider("Frames", 2, int(frames.most or FRAMES), int(_default(frames)), **shared)
        return {frames.name: count} | {field.name: _setting(field, folded=False) for field in parts}


def _switch(frames: Described) -> str:
    return keys.part(frames.name, "on")


def fields(kind: type[Settings], names: Collection[str]) -> dict[str, Any]:
    """Draws the widgets of some settings in sight, as `form` draws its main ones, and gives their values."""
    return {name: _setting(field, folded=False) for name, field in kind.described().items() if name in names}


def start_button(icon: str, label: str = "Start") -> bool:
    """The button that makes what the form asks for; it stays in sight below a long form."""
    with st.container(key="start"):
        return st.button(label, type="primary", icon=icon, width="stretch", on_click=seeded)


def one_of(
    label: str, titles: Mapping[str, str], *, key: str, default: str = "", hidden: bool = False
) -> str:
    """A row of choices that the address keeps, one of which is always chosen; gives its name.

    Args:
        titles: what a user reads, by name.
        default: the name that is chosen at first; the first one if not said.
        hidden: whether the label is for screen readers alone.
    """
    choosing(key, titles)
    return st.segmented_control(
        label,
        list(titles),
        format_func=titles.__getitem__,
        default=default or next(iter(titles)),
        required=True,
        key=key,
        bind="query-params",
        width="stretch",
        wrap=True,  # else a row that is too long in a column scrolls sideways
        label_visibility="collapsed" if hidden else "visible",
    )


def choosing(key: str, options: Collection[Any]) -> None:
    """Leaves the first choice of a row where what is chosen is that of another page's row of the same name.

    Else the widget would give None, although one is always chosen, and write that into the address.
    """
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]


def seeded() -> None:
    """Rolls the dice before a run unless the seed is locked. Call it from a callback."""
    if not st.session_state.get(LOCK, True):
        roll()


def _forget(kind: str, known: Mapping[str, Described], apart: Collection[str]) -> None:
    """Drops values that another form left under a shared name: they may be none of these steps.

    On the same page the browser would go on to show what it was told before, so the default is written where
    the address has no value.
    """
    before, names, lone = st.session_state.get(_LAST, (kind, (), ()))
    if before != kind:
        for name in {SEED, *(set(names) & set(known) - (set(SHARED) - set(apart) - set(lone)))}:
            if st.session_state.pop(name, None) is not None and name in known and name not in st.query_params:
                st.session_state[name] = _default(known[name])
    st.session_state[_LAST] = (kind, tuple(known), tuple(apart))


def prefill(settings: Settings) -> None:
    """Puts settings where the form of their page finds them; lists and texts stay with the page itself."""
    kind = type(settings)
    names = [name for name, field in kind.described().items() if field.kind not in ("list", "text", "dict")]
    for name in names:
        sliders.put(name, getattr(settings, name))
    for field in kind.described().values():
        if field.video == "frames":
            st.session_state[_switch(field)] = getattr(settings, field.name) > 0
            if not getattr(settings, field.name):
                st.session_state.pop(field.name)  # the slider begins above 0
    # The form of another page would otherwise take away what both have.
    st.session_state[_LAST] = (kind.__name__, tuple(names), ())


def turn_to(kind: type[Settings], other: type[Settings]) -> None:
    """Begins a form with its defaults where the other form of the page was drawn before, whose values the
    address still has under the names that both share. Call it before the form is drawn."""
    known = kind.described()
    _reset([field for name, field in known.items() if name in other.described()])
    st.session_state[_LAST] = (kind.__name__, tuple(known), ())


def _setting(field: Described, folded: bool) -> Any:
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
    return _parsed(field, value)


def _widget(field: Described, help: str | None) -> Any:
    shared: dict[str, Any] = {"key": field.name, "bind": "query-params", "help": help}
    label = field.title
    if field.kind == "bool":
        return st.toggle(label, value=field.default, **shared)
    if field.kind == "choice":
        if len(field.choices) <= 4:
            choosing(field.name, field.choices)
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


def _seed(field: Described) -> int:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        value = numbers.number(
            field.label,
            min_value=0,
            max_value=MOST_SEED,
            value=field.default,
            key="seed",
            bind="query-params",
        )
        st.button("Another seed", icon=":material/casino:", on_click=roll, help="Use a new random seed")
    st.toggle("Lock the seed", value=True, key=LOCK, persist_state="session")
    st.caption(f"{field.help} While unlocked, each run uses a new random seed.")
    return value


def roll() -> None:
    """Another seed. Call it from a callback."""
    st.session_state["seed"] = random.SystemRandom().randint(0, MOST_SEED)


def defaults(kind: type[Settings], names: Collection[str]) -> None:
    """Puts some settings of a page back, whatever draws them. Call it from a callback."""
    _reset([field for name, field in kind.described().items() if name in names])


def _reset(fields: Collection[Described], also: Callable[[], None] | None = None) -> None:
    # Forgetting a value is not enough: the address would bring it back, so the default is written.
    for field in fields:
        st.session_state[field.name] = _default(field)
        if field.video == "frames":
            st.session_state[_switch(field)] = False
    if also is not None:
        also()


def _default(field: Described) -> Any:
    if field.kind == "list":
        return ", ".join(str(value) for value in field.default)
    return field.default or FRAMES if field.video == "frames" else field.default


def _parsed(field: Described, value: Any) -> Any:
    if field.kind == "list" and isinstance(value, str):
        return [part for part in value.replace(",", " ").split() if part]
    return value
