"""Training on a text and writing as tasks: kept files in, a packed model or a text out."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from studio.core import recipes
from studio.core.data import corpus
from studio.core.errors import Cancelled
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.training import checkpoints, publish, start_from
from studio.text import card, cross_entropy, language_model
from studio.text.numpy_network import Network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.vocabulary import Vocabulary
from studio.text.write import write as write_texts

SAMPLE_CHARS = 500
EXACT_CHARS = 200_000  # the held-out part is read in one go up to here, then side by side in pieces so long
MOST_NATS = 20_000  # characters whose negative log-likelihood is kept with a result


def check(settings: TrainTextSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` unless the text can be learned from, and a model to start from fits."""
    corpus.read(inputs["text"][0].read(), settings.encoding)
    start_from.check(settings, inputs, language_model.TASK, "a model that writes", language_model.SHAPE)


@checkpoints.one_at_a_time(language_model.TASK)
def train(settings: TrainTextSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a model on a text. See `studio.text.train`."""
    from studio.text import train as training

    file, start = inputs["text"][0], _start(inputs)
    read = corpus.read(file.read(), settings.encoding)
    job = publish.Job(language_model.TASK, "train_text", settings, inputs)
    trainer = training.train(read.text, settings, progress, job.run, start)
    network = Network(trainer.result.get_weights(), settings.cell, settings.tied)
    held_out = _tested(network, trainer.plan.test, Progress() if trainer.ended == "cancelled" else progress)
    curves = trainer.curves
    figures = {
        **job.figures(trainer, [*read.notes, *trainer.plan.notes], split=False),
        "nats_per_char": held_out.nats_per_char,
        "bits_per_char": held_out.bits_per_char,
        "held_out_chars": held_out.chars,
        "validation_nats": trainer.lowest,
        "train_nats": curves.losses[training.LEARNING][-1],
        "epochs": trainer.step / trainer.plan.pieces,
        "chars": len(read.text),
        "alphabet": len(trainer.vocabulary),
        "curve": {
            "steps": curves.steps,
            "train": curves.losses[training.LEARNING],
            "test": curves.tests[training.VALIDATION],
        },
    }
    samples = _samples(network, trainer.vocabulary, settings.seed)
    known = {"vocabulary": trainer.vocabulary.characters}
    return job.publish(trainer.result, figures, partial(card.write, samples=samples), known=known)


def _start(inputs: Inputs) -> tuple[list[np.ndarray], Vocabulary] | None:
    """The weights and characters of the model to start from, if there is one."""
    preset = start_from.model(inputs)
    if preset is None:
        return None
    weights, _, vocabulary = language_model.parts(preset)
    return weights, vocabulary


def _tested(network: Network, test: np.ndarray, progress: Progress) -> cross_entropy.Score:
    """The score on all that was held out; a user who stops this gets that of a part."""
    streams = max(1, math.ceil(len(test) / EXACT_CHARS))
    try:
        return cross_entropy.score(network, test, streams, progress)
    except Cancelled:
        return cross_entropy.score(network, test[:EXACT_CHARS], max(1, min(32, len(test) // 256)))


def _samples(network: Network, vocabulary: Vocabulary, seed: int) -> dict[float, str]:
    wishes = {t: WriteSettings(chars=SAMPLE_CHARS, temperature=t, seed=seed) for t in card.TEMPERATURES}
    return {t: write_texts(network, vocabulary, wish)[0].text for t, wish in wishes.items()}


def write(settings: WriteSettings, inputs: Inputs, progress: Progress) -> Result:
    """Writes on from a beginning. See `studio.text.write.write`."""
    began = time.monotonic()
    spoken = language_model_of(settings, inputs)
    written = write_texts(spoken.network, spoken.vocabulary, settings, progress)
    begin = spoken.vocabulary.encode(settings.prompt)
    chars = sum(len(one.text) for one in written)
    figures = {
        "seconds": time.monotonic() - began,
        "chars": chars,
        "nats_per_char": sum(float(one.nats.sum()) for one in written) / max(1, chars),
        "nats": [round(float(nats), 3) for nats in written[0].nats[:MOST_NATS]],
        "notes": [*notes(begin.replaced, begin.dropped), *_never_ends(spoken.vocabulary, settings)],
    }
    given = inputs.get("model")  # whose digest the recipe names among the inputs
    stopped = written[0].stopped_early
    # What was stopped is made again as far as it went.
    told = settings.model_copy(update={"chars": written[0].drawn}) if stopped else settings
    recipe = recipes.make("text.write", told, inputs, {} if given else {spoken.name: spoken.digest})
    texts = [(settings.prompt + one.text).encode("utf-8", "replace") for one in written]
    name = Path(given[0].name).stem if given else spoken.name
    names = [f"{name}-{n + 1}.txt" if len(texts) > 1 else f"{name}.txt" for n in range(len(texts))]
    files = tuple(File.keep(text, "text", name) for text, name in zip(texts, names, strict=True))
    return Result(files, figures, recipe, stopped)


def language_model_of(settings: WriteSettings, inputs: Inputs) -> language_model.LanguageModel:
    """The model that was given, else the preset that the settings name."""
    for file in inputs.get("model", ()):
        return language_model.load(presets.from_zip(file))
    return language_model.load(settings.preset)


def notes(replaced: Mapping[str, str], dropped: str) -> list[str]:
    """How unknown characters of a prompt were handled, in sentences."""
    told = [f"{corpus.shown(c)} was read as {corpus.shown(known)}." for c, known in replaced.items()]
    if dropped:
        told.append(
            f"Left out, because the model does not know them: {' '.join(map(corpus.shown, dropped))}."
        )
    return told


def _never_ends(vocabulary: Vocabulary, settings: WriteSettings) -> list[str]:
    """Why no text can end before the stop text, in a sentence; none if it can."""
    unknown = vocabulary.encode(settings.stop).dropped
    if not unknown:
        return []
    told = " ".join(map(corpus.shown, unknown))
    return [f"No text ends before the stop text, because the model cannot generate {told}."]


def prepare(settings: WriteSettings) -> None:
    """Loads the language model into a warm worker, if the model is installed."""
    if settings.preset in presets.names():
        language_model.load(settings.preset)
