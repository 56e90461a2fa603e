"""The tasks of training a language model on a text and of generating text with one."""

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
from studio.text.networks import AnyNetwork, build_network
from studio.text.settings import TrainTextSettings, WriteSettings
from studio.text.vocabulary import Vocabulary
from studio.text.write import write as write_texts

SAMPLE_CHARS = 500
MAX_STREAM_CHARS = 200_000  # a longer test split is read as several streams, each at most so long
MAX_STORED_NATS = 20_000  # characters whose negative log-likelihood is stored with a result


def check(settings: TrainTextSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if the text cannot be read or the model to start from does not fit."""
    corpus.read(inputs["text"][0].read(), settings.encoding)
    start_from.check(
        settings, inputs, language_model.TASK, "a model that writes", language_model.SHAPE_SETTINGS
    )


@checkpoints.lock_run(language_model.TASK)
def train(settings: TrainTextSettings, inputs: Inputs, progress: Progress) -> Result:
    """Trains a language model on a text and publishes it; the work is in `studio.text.train`."""
    from studio.text import train as training

    file, start = inputs["text"][0], _load_start_model(inputs)
    read = corpus.read(file.read(), settings.encoding)
    job = publish.TrainingJob(language_model.TASK, "train_text", settings, inputs)
    trainer = training.train(read.text, settings, progress, job.run, start)
    network = build_network(trainer.result.get_weights(), settings)
    held_out = _score_test_split(
        network, trainer.plan.test, Progress() if trainer.stop_reason == "cancelled" else progress
    )
    curves = trainer.curves
    figures = {
        **job.collect_figures(trainer, [*read.notes, *trainer.plan.notes], split=False),
        "nats_per_char": held_out.nats_per_char,
        "bits_per_char": held_out.bits_per_char,
        "held_out_chars": held_out.chars,
        "validation_nats": trainer.lowest,
        "train_nats": curves.losses[training.TRAINING][-1],
        "epochs": trainer.step / trainer.plan.batches_per_epoch,
        "chars": len(read.text),
        "alphabet": len(trainer.vocabulary),
        "curve": {
            "steps": curves.steps,
            "train": curves.losses[training.TRAINING],
            "test": curves.metrics[training.VALIDATION],
        },
    }
    samples = _write_samples(network, trainer.vocabulary, settings.seed)
    data = {"vocabulary": trainer.vocabulary.characters}
    return job.publish(trainer.result, figures, partial(card.compose, samples=samples), metadata=data)


def _load_start_model(inputs: Inputs) -> tuple[list[np.ndarray], Vocabulary] | None:
    """Loads the weights and the vocabulary of the model to start from, or returns None without one."""
    preset = start_from.load_model(inputs)
    if preset is None:
        return None
    weights, _, vocabulary = language_model.read_model(preset)
    return weights, vocabulary


def _score_test_split(network: AnyNetwork, test: np.ndarray, progress: Progress) -> cross_entropy.Score:
    """Scores the whole test split; if the user stops that, only its beginning."""
    streams = max(1, math.ceil(len(test) / MAX_STREAM_CHARS))
    try:
        return cross_entropy.score(network, test, streams, progress)
    except Cancelled:
        return cross_entropy.score(network, test[:MAX_STREAM_CHARS], max(1, min(32, len(test) // 256)))


def _write_samples(network: AnyNetwork, vocabulary: Vocabulary, seed: int) -> dict[float, str]:
    """Returns a sample for each temperature of the card."""
    samples = {}
    for temperature in card.TEMPERATURES:
        settings = WriteSettings(chars=SAMPLE_CHARS, temperature=temperature, seed=seed)
        samples[temperature] = write_texts(network, vocabulary, settings)[0].text
    return samples


def write(settings: WriteSettings, inputs: Inputs, progress: Progress) -> Result:
    """Continues a prompt. See `studio.text.write.write`."""
    start_time = time.monotonic()
    preset = presets.load_uploaded_or_named(
        inputs, settings.preset, "model", suitable_tasks=[language_model.TASK]
    )
    model = language_model.load(preset)
    samples = write_texts(model.network, model.vocabulary, settings, progress)
    prompt = model.vocabulary.encode(settings.prompt)
    chars = sum(len(sample.text) for sample in samples)
    figures = {
        "seconds": time.monotonic() - start_time,
        "chars": chars,
        "nats_per_char": sum(float(sample.nats.sum()) for sample in samples) / max(1, chars),
        "nats": [round(float(nats), 3) for nats in samples[0].nats[:MAX_STORED_NATS]],
        "notes": [
            *describe_replacements(prompt.replaced, prompt.dropped),
            *_describe_unreachable_stop(model.vocabulary, settings),
        ],
    }
    uploads = inputs.get("model")  # the recipe has its SHA-256 among the inputs
    stopped = samples[0].stopped_early
    # The recipe of a stopped text repeats it up to where it stopped.
    repeatable = settings.model_copy(update={"chars": samples[0].steps}) if stopped else settings
    recipe = recipes.make("text.write", repeatable, inputs, {} if uploads else {model.name: model.digest})
    encoded = [(settings.prompt + sample.text).encode("utf-8", "replace") for sample in samples]
    name = Path(uploads[0].name).stem if uploads else model.name
    names = [f"{name}-{n + 1}.txt" if len(encoded) > 1 else f"{name}.txt" for n in range(len(encoded))]
    files = tuple(File.store(text, "text", name) for text, name in zip(encoded, names, strict=True))
    return Result(files, figures, recipe, stopped)


def describe_replacements(replaced: Mapping[str, str], dropped: str) -> list[str]:
    """Returns sentences about how unknown characters of a prompt were handled.

    Args:
        replaced: unknown characters and what they were read as.
        dropped: unknown characters that were left out.
    """
    sentences = [
        f"{corpus.describe_character(c)} was read as {corpus.describe_character(similar)}."
        for c, similar in replaced.items()
    ]
    if dropped:
        characters = " ".join(map(corpus.describe_character, dropped))
        sentences.append(f"Left out, because the model does not know them: {characters}.")
    return sentences


def _describe_unreachable_stop(vocabulary: Vocabulary, settings: WriteSettings) -> list[str]:
    """Returns a sentence if the model cannot generate the stop text, else nothing."""
    unknown = vocabulary.encode(settings.stop).dropped
    if not unknown:
        return []
    characters = " ".join(map(corpus.describe_character, unknown))
    return [f"No text ends before the stop text, because the model cannot generate {characters}."]


def prepare(settings: WriteSettings) -> None:
    """Loads the language model into a warm worker, if the model is installed."""
    if settings.preset in presets.list_names():
        language_model.load(settings.preset)
