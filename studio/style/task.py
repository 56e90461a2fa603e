"""Style transfer as a task: from stored files to a PNG with its recipe."""

from __future__ import annotations

from pathlib import Path

from studio.core import recipes
from studio.core.imaging import image_io, transparency
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File, Inputs, Result
from studio.core.weights import pretrained
from studio.style.house import known_styles
from studio.style.nnst.matching import encode_matches
from studio.style.nnst.schedule import first_look_size
from studio.style.settings import TransferSettings
from studio.style.transfer import transfer


def run(settings: TransferSettings, inputs: Inputs, progress: Progress) -> Result:
    """Stylizes the content with `studio.style.transfer.transfer`; keeps its alpha channel."""
    content_file = inputs["content"][0]
    content, alpha = transparency.split_alpha(
        image_io.read_transparent(content_file.read(), content_file.name)
    )
    styles = [image_io.read(file.read(), file.name) for file in inputs.get("style", ())]
    masks = [image_io.read_mask(file.read(), file.name) for file in inputs.get("mask", ())]
    network = known_styles.find_network(settings, inputs) if settings.house else None
    result = transfer(content, styles, settings, masks, progress, network)
    if result.stopped_early:
        settings = _make_reproducible_settings(settings, result.figures.get("steps", 0))
    weights = dict(result.weights)
    if network is not None and inputs.get("network"):  # the recipe records it as an input
        weights.pop(network.name, None)
    recipe = recipes.make("style.transfer", settings, inputs, weights)
    style = Path(inputs["style"][0].name).stem if styles else settings.house[0]
    name = f"{Path(content_file.name).stem}-{style}.png"
    png = image_io.encode_png(transparency.join_alpha(result.image, alpha), recipe)
    figures = result.figures | ({"matches": encode_matches(result.matches)} if result.matches else {})
    return Result((File.store(png, "image", name),), figures, recipe, result.stopped_early)


def _make_reproducible_settings(settings: TransferSettings, steps: int) -> TransferSettings:
    """Returns the settings that reproduce a run stopped after `steps` steps."""
    if not steps:
        return settings.model_copy(update={"mode": "instant", "size": first_look_size(settings)})
    return settings.model_copy(update={"stop_after": steps})


def prepare(settings: TransferSettings) -> None:
    """Loads the shipped network of house styles, if it is installed."""
    from studio.style.house import paint

    if known_styles.SHIPPED_NETWORK in presets.list_names():
        paint.load_network(presets.find(known_styles.SHIPPED_NETWORK))


def prepare_keras(settings: TransferSettings) -> None:
    """Loads AdaIN and VGG16 for style images, if their weights are already on this disk."""
    for name in ("adain", "vgg16"):
        if pretrained.get_status(name).cached:
            pretrained.load(name)
