"""Inputs of the Chain page: a photo, and the result whose steps are repeated; how its form is refilled."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import streamlit as st

from pages.form import estimates, image_input, samples
from pages.form.samples import IMAGE_FOLDER, Sample
from pages.jobs.refill import Form
from pages.widgets import owners, words
from studio.chain.settings import ChainSettings
from studio.chain.steps import Step, read_steps
from studio.core import amounts, tasks
from studio.core.errors import StudioError
from studio.core.tasks import File, Inputs
from studio.gallery import index

TASK = "chain.apply"
EXAMPLE = "chain-coffee.png"
MAX_RESULTS = 5  # offered as tiles
_MAX_SEARCHED = 40  # newest images that are searched for chains


@dataclass(frozen=True)
class Request:
    """A photo, and the result whose steps are applied to it."""

    content: Sample
    like: Sample

    @property
    def identity(self) -> object:
        """Identifies the request: equal for equal inputs."""
        return self.content.identity, self.like.identity

    def build_inputs(self, content: File | None = None) -> Inputs:
        """Returns the input files of a run on the photo, or on another one."""
        return {"content": [content or self.content.get_file()], "like": [self.like.get_file()]}

    def show_start_preview(self, settings: ChainSettings) -> None:
        """Shows the photo, with one line below it that says what Start does."""
        count = amounts.format_count(len(read_steps(self.like.get_file())), "step")
        action = f"applies {count} to this photo"
        estimates.show_start(self.content.get_file(), action, TASK, settings, self.build_inputs())


def ask() -> Request:
    """Asks for the result and the photo, and lists the steps."""
    like = image_input.choose_image(
        "like", "Repeat the steps of", list_results(), "Your result", is_editable=False
    )
    _show_steps(like.get_file())
    return Request(image_input.choose_image("content", "Photo", samples.list_photos()), like)


def list_results() -> list[Sample]:
    """Returns the newest results of the user that are chains, then an example that the studio ships."""
    results: dict[str, Sample] = {}
    entries, _ = index.find(index.Filter(kind="image"), owners.get_owner(), limit=_MAX_SEARCHED)
    for entry in entries:
        title = image_input.title_of(f"{entry.name}.png") or entry.title
        if title not in results and _is_chain(entry.file):
            results[title] = samples.from_own_file(title, entry.file)
        if len(results) == MAX_RESULTS:
            break
    return [*results.values(), _make_example()]


FORMS = (Form(task=TASK, offers={"content": samples.list_photos, "like": list_results}),)


@owners.cached(max_entries=256)
def _is_chain(file: File) -> bool:
    with suppress(StudioError, OSError):
        return bool(read_steps(file))
    return False


def _make_example() -> Sample:
    path = IMAGE_FOLDER / EXAMPLE
    return Sample(
        "Old coffee",
        "An old print, restored and repainted as a mosaic",
        samples.load_thumbnail(path.stem),
        lambda: File.store(path.read_bytes(), "image", path.name),
    )


def _show_steps(like: File) -> None:
    """Lists the steps of a result; nothing if it is no chain, which the page says elsewhere."""
    with suppress(StudioError, OSError):
        lines = [f"{number}. {_describe_step(step)}" for number, step in enumerate(read_steps(like), 1)]
        st.markdown("\n".join(lines))


def _describe_step(step: Step) -> str:
    """Returns the task of a step with its other sources: "Style: mosaic"."""
    names = [source.name for sources in step.other_inputs.values() for source in sources]
    sources = [*map(tasks.humanize_stem, names), *step.settings.style_names]
    return f"{step.task.title}: {words.escape(words.join(sources))}" if sources else step.task.title
