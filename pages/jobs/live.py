"""The live result: made again whenever a slider is released, saved only when a user keeps it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import streamlit as st

from pages.jobs import captions, jobs, results, use_again
from pages.widgets import browser_images, keys, weight_downloads, words
from pages.widgets.owners import owner
from studio import engine
from studio.core import amounts, paths, tasks
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.models import pinned_weights
from studio.core.models import recently_used as memory
from studio.core.settings import Settings
from studio.core.tasks import File, Inputs

KEEP, KEEPS = ":material/bookmark_add:", "Saves this result in the gallery"
_KEPT, _TOLD = "live_kept", "live_told"
MOST_SHARED = 16  # results of up to 4 MB each that all tabs of this server share
_shared: dict[str, engine.Live] = {}


@dataclass(frozen=True)
class Whole:
    """What a preview is a preview of.

    Attributes:
        label: of the button that starts it, which says how large it is.
        start: starts it.
    """

    label: str
    start: Callable[[], None]


def show_live(
    task: str,
    settings: Settings,
    ask: Callable[[], Inputs],
    *,
    before: Callable[[], File],
    needs: Collection[str] = (),
    note: str = "",
    own: Callable[[], None] | None = None,
    whole: Whole | None = None,
) -> engine.Live | None:
    """Shows the result of these very settings and inputs, computed now unless it already was.

    Args:
        ask: gives the inputs; not called before the engine is ready.
        before: gives the image to look at until there is a result.
        needs: weights that it takes; while one is missing, a job that shows its fetch is offered instead.
        note: what to say below it, e.g. that it is only a preview.
        own: draws the buttons that only this page has.
        whole: what this is a small preview of; None for the result itself.

    Returns:
        The result, if there is one.
    """
    if not ready(task, settings, ask, before=before, needs=needs):
        return None
    live = _made(task, settings, ask, before)
    if live is None:
        return None
    made = f"Made in {amounts.duration(max(live.seconds, 1))}"
    caption = " · ".join(part for part in (made, *captions.how(live.settings), note) if part)
    name = tasks.get(task).beside
    results.compare(live.inputs["content"][0], live.data, key="result", caption=caption, name=name)
    with st.container(horizontal=True):
        what = _preview_in_words(live) if whole else ""
        if whole and st.button(whole.label, icon=":material/play_arrow:"):  # the form has Start
            whole.start()
        if st.button(f"Keep{what and ' the preview'}", icon=KEEP, help=KEEPS):
            job = keep(live)
            _tell()
            if job is not None:
                jobs.show(job)
                st.rerun()
        if own is not None:
            own()
        results.download(
            live.data, task, key="live", made=live.recipe, what=what, on_click=partial(_keep, live)
        )
        use_again.menu(lambda: File.keep(live.data, "image", results.named(live.recipe)), key="live")
    _tell()
    results.recipe(task, settings, live.inputs, live.recipe)
    return live


def _preview_in_words(live: engine.Live) -> str:
    height, width = image_io.size(live.data)
    return f"preview, {width:,} x {height:,} px"


def ready(
    task: str,
    settings: Settings,
    ask: Callable[[], Inputs],
    *,
    before: Callable[[], File],
    needs: Collection[str] = (),
) -> bool:
    """Whether a result can be made at once; if not, shows what it is made of, and says what is missing.

    Args:
        ask, before, needs: as `show_live` takes them.
    """
    warm = engine.connect().status() == "ready"
    absent = weight_downloads.missing(needs) if warm else []
    if warm and not absent:
        return True
    browser_images.content(before())
    if warm:
        _offer(task, settings, ask, weight_downloads.sizes(absent))
    else:
        wait()
    return False


def keep_button(made: engine.Live, *, key: str) -> None:
    """Draws the button that saves a live result among a user's own, once."""
    kept = _kept(made) is not None
    label = "Kept" if kept else "Keep"
    st.button(
        label, key=keys.part(key, "keep"), icon=KEEP, help=KEEPS, disabled=kept, on_click=_keep, args=(made,)
    )
    _tell()


def _keep(made: engine.Live) -> None:
    keep(made)


def _tell() -> None:
    # Not by a callback: what that draws in a fragment would land at the top of the page.
    if told := st.session_state.pop(_TOLD, ""):
        st.toast(told, icon=":material/bookmark:")


def _offer(task: str, settings: Settings, ask: Callable[[], Inputs], what: str) -> None:
    st.info(f"On first use, the studio downloads {what} and verifies it.", icon=":material/download:")
    if st.button("Download and start", type="primary", icon=":material/brush:"):
        jobs.start(task, settings, ask())


def _made(
    task: str, settings: Settings, ask: Callable[[], Inputs], before: Callable[[], File]
) -> engine.Live | None:
    held = st.session_state.get("live")
    place = st.empty()
    with place.container():
        if held is None:
            browser_images.content(before())
        with st.spinner("Generating ..."):
            inputs = ask()
            wanted = (task, settings.model_dump_json(), str(inputs))
            if held is None or held[0] != wanted or (held[1] is not None and not _is_valid(held[1])):
                try:
                    held = (wanted, _of_all(task, settings, inputs), "")
                except StudioError as error:
                    held = (wanted, None, str(error))
    place.empty()
    st.session_state["live"] = held
    _, live, problem = held
    if problem:
        st.error(words.plain(problem), icon=":material/error:")
        if st.button("Try again", icon=":material/refresh:"):
            del st.session_state["live"]
            st.rerun()
    return live


def live_result(
    task: str, settings: Settings, inputs: Inputs, shelf: str, most: int = 4
) -> engine.Live | None:
    """The result of these very settings, made now unless this tab still has it; None after saying why not.

    Args:
        shelf: where the last ones are kept.
        most: how many of them.
    """
    kept = held(shelf)
    asked = settings.model_dump_json() + str(inputs)
    if asked in kept and not _is_valid(kept[asked]):
        del kept[asked]
    try:
        return memory.get_or_make(kept, asked, lambda: _of_all(task, settings, inputs), most)
    except engine.Superseded:
        return None
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return None


def held(shelf: str) -> dict[str, engine.Live]:
    """The results that this tab still has on a shelf of `live_result`, by what was asked."""
    return st.session_state.setdefault(f"drawn_{shelf}", {})


def _of_all(task: str, settings: Settings, inputs: Inputs) -> engine.Live:
    """The result of these very settings and inputs: as another tab of this server got it, else made now.

    Pages begin alike, so a class that opens one asks the same thirty times. Raises as `Engine.live`.
    """
    asked = f"{owner()} {task} {settings.model_dump_json()} {inputs}"  # a name may be another's model
    known = _shared.get(asked)
    if known is not None and not _is_valid(known):
        _shared.pop(asked, None)
    make = partial(engine.connect().live, task, settings, inputs, session(), owner())
    return memory.get_or_make(_shared, asked, make, MOST_SHARED)


def _is_valid(made: engine.Live) -> bool:
    """Whether its inputs are still here and would give the same result: a model may have been replaced."""
    try:
        pinned_weights.check(made.recipe.weights if made.recipe else {})
        return all(file.here for files in made.inputs.values() for file in files)
    except StudioError:
        return False


def session() -> str:
    """The name by which the live lane knows this tab."""
    return st.session_state.setdefault("live_session", uuid.uuid4().hex)


def _kept(live: engine.Live) -> engine.Job | None:
    """What a result was kept as, unless that was removed since."""
    with suppress(StudioError, KeyError):
        return engine.connect().job(st.session_state[_KEPT][paths.digest(live.data)], owner())
    return None


def keep(live: engine.Live) -> engine.Job | None:
    """Keeps a result among a user's own once, however often it is downloaded; says so if that fails."""
    if job := _kept(live):
        return job
    try:
        job = engine.connect().keep(live, owner())
    except StudioError as error:
        st.session_state[_TOLD] = words.plain(str(error))
        return None
    st.session_state[_TOLD] = "Saved in the gallery."
    st.session_state.setdefault(_KEPT, {})[paths.digest(live.data)] = job.id
    return job


@st.fragment(run_every=1.0)
def wait() -> None:
    """Says that the engine is not ready, until it is."""
    status = engine.connect().status()
    if status == "ready":
        st.rerun()
    if status.startswith("down"):
        st.error(f"The engine is {words.plain(status)}", icon=":material/error:")
        return
    st.info(
        "The studio is warming up. The first result takes a few seconds.",
        icon=":material/local_fire_department:",
    )
