"""Data sets that TensorFlow Datasets knows by name (`tfds:NAME`), fetched and prepared if need be."""

from __future__ import annotations

import os
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from studio.core.data.sources import DataSource, Item, refused
from studio.core.errors import Unavailable, printable, sentence
from studio.core.progress import Progress

PREFIX = "tfds:"
_NAME = re.compile(r"[a-z][a-z0-9_]*(/[A-Za-z0-9_.+-]+)?(:\d+\.\d+\.\d+)?")
REACH_SECONDS = 4  # TFDS itself tries for minutes before it tells that there is no network
_ORDER = {"train": 0, "validation": 2, "test": 3}  # others between, so that the last ones are to test with
_WAY = "give a folder, zip or tar of its images instead"


def fits(text: str) -> bool:
    """Whether a text is a `tfds:NAME`, though perhaps of nothing that there is."""
    return text.startswith(PREFIX) and _NAME.fullmatch(text.removeprefix(PREFIX)) is not None


def check(text: str) -> str:
    """The name in `tfds:NAME`. Raises `InvalidInput` if it can be none."""
    name = text.removeprefix(PREFIX)
    if not fits(text):
        raise refused(text, "a name such as tfds:mnist or tfds:celeb_a", name or "none", "check the spelling")
    return name


def source(text: str, progress: Progress) -> DataSource:
    """The images of a data set of TensorFlow Datasets, fetched and prepared first if need be.

    Raises:
        InvalidInput: if there is no such data set, or it has no images.
        Unavailable: if it is not here and cannot be fetched; known within 10 s where there is no network.
    """
    builder = _builder(check(text))
    if not _prepared(builder):
        _prepare(builder, text, progress)
    return _images(builder, text)


def reachable(text: str) -> None:
    """Raises as `source` does, but fetches nothing."""
    builder = _builder(check(text))
    if not _prepared(builder):
        _check_reach(builder, text)
        _image(builder, text)


def to_fetch(text: str) -> int | None:
    """How many bytes are fetched before it can be read, at most; 0 if that is not known, None if it is here.

    Raises:
        InvalidInput: if there is no such data set.
    """
    builder = _builder(check(text))
    return None if _prepared(builder) else sum(one.size for one in (builder.url_infos or {}).values())


def state(text: str) -> str:
    """What a cached copy of its images depends on: the version that is taken, and when it was prepared."""
    path = Path(_builder(check(text)).data_dir)
    return f"{path.name} {(path / 'dataset_info.json').stat().st_mtime_ns if path.exists() else ''}"


def _builder(name: str) -> Any:
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise Unavailable(
            f"{PREFIX}{name} needs tensorflow-datasets, which cannot be loaded ({error.name}). "
            f"Install it, or {_WAY}."
        ) from None
    folder = os.environ.get("TFDS_DATA_DIR") or None  # TFDS reads it only once, when it is imported
    try:
        return tfds.builder(name, data_dir=folder, try_gcs=False)
    except tfds.core.registered.DatasetNotFoundError:
        shown = f"{PREFIX}{name}"
        raise refused(
            shown, "a data set of TensorFlow Datasets", "no such name", "check the spelling"
        ) from None
    except (ValueError, AssertionError) as error:  # no such version or configuration
        received = printable(str(error).partition("\n")[0], 120)
        raise refused(f"{PREFIX}{name}", "an existing version of it", received, "leave it out") from None


def _prepared(builder: Any) -> bool:
    return (Path(builder.data_dir) / "dataset_info.json").is_file()


def _prepare(builder: Any, text: str, progress: Progress) -> None:
    import tensorflow_datasets as tfds

    _check_reach(builder, text)
    progress.stage(f"Downloading {text}, which may take long")
    tfds.disable_progress_bar()
    try:
        builder.download_and_prepare()
    except Exception as error:  # whatever its site, the network, the disk or its own code make of it
        raise _unavailable(text, f"could not be downloaded and prepared ({type(error).__name__})") from None


def _check_reach(builder: Any, text: str) -> None:
    if builder.MANUAL_DOWNLOAD_INSTRUCTIONS:
        raise _unavailable(text, "can only be downloaded by hand")
    sites = {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in builder.url_infos}
    if lost := sorted(_unreachable(sites)):
        raise _unavailable(text, f"is not on this machine, and {lost[0]} cannot be reached to download it")


def _unreachable(sites: set[str]) -> set[str]:
    lost = set(sites)

    def ask(site: str) -> None:
        try:
            urllib.request.urlopen(site, timeout=REACH_SECONDS).close()
        except urllib.error.HTTPError:
            pass  # it answered
        except (OSError, ValueError):
            return
        lost.discard(site)

    # Threads, for the search for a name's address knows no time limit.
    threads = [threading.Thread(target=ask, args=(site,), daemon=True) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(REACH_SECONDS + 1)
    return set(lost)


def _unavailable(text: str, why: str) -> Unavailable:
    return Unavailable(f"The data set {text} {why}. {sentence(_WAY)}")


def _image(builder: Any, text: str) -> str:
    """The name of its images among what it holds. Raises `InvalidInput` if it has none."""
    import tensorflow_datasets as tfds

    features = builder.info.features
    kinds = features.items() if isinstance(features, tfds.features.FeaturesDict) else ()
    image = next((key for key, kind in kinds if isinstance(kind, tfds.features.Image)), None)
    if image is None or np.dtype(features[image].np_dtype) != np.uint8:
        received = ", ".join(key for key, _ in kinds) or "something else"
        raise refused(text, "images of 8 bits a channel", received, "choose another")
    return image


def _images(builder: Any, text: str) -> DataSource:
    import tensorflow_datasets as tfds

    image, features = _image(builder, text), builder.info.features
    kinds = features.items()
    label = next((key for key, kind in kinds if isinstance(kind, tfds.features.ClassLabel)), None)
    facts = {name: path for name, path in _scalars(features) if path != (label,)}
    splits = sorted(builder.info.splits, key=lambda split: (_ORDER.get(split, 1), split))
    counts = [builder.info.splits[split].num_examples for split in splits]
    width = len(str(sum(counts)))
    order = [split for split, count in zip(splits, counts, strict=True) for _ in range(count)]

    def read() -> Iterator[Item]:
        place = 0
        for split in splits:
            for example in _examples(builder, split, image):
                told = {name: _value(example, path) for name, path in facts.items()}
                yield Item(place, bytes(example[image]), int(example[label]) if label else -1, told)
                place += 1

    names = tuple(f"{n:0{width}d} {split}" for n, split in enumerate(order))
    notes = (f"{' and '.join(splits)} are used, in this order.",) if len(splits) > 1 else ()
    return DataSource(names, tuple(features[label].names) if label else (), tuple(facts), read, notes)


def _examples(builder: Any, split: str, image: str) -> Iterator[Mapping[str, Any]]:
    """The examples of a split, always in the same order, with their images still encoded."""
    import tensorflow_datasets as tfds

    decoders = {image: tfds.decode.SkipDecoding()}
    if builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD:
        yield from builder.as_data_source(split=split, decoders=decoders)
        return
    one_by_one = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    yield from tfds.as_numpy(
        builder.as_dataset(split=split, decoders=decoders, shuffle_files=False, read_config=one_by_one)
    )


def _scalars(features: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The numbers and truths of every example, by name and path."""
    for key, kind in features.items():
        if hasattr(kind, "items"):
            yield from _scalars(kind, (*above, key))
        elif kind.shape == () and np.dtype(kind.np_dtype).kind in "biuf":
            yield key, (*above, key)


def _value(example: Mapping[str, Any], path: tuple[str, ...]) -> float:
    found: Any = example
    for key in path:
        found = found[key]
    return float(found)
