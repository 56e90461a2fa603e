"""The card of a trained VAE, written from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.metrics import comparison
from studio.core.models import cards
from studio.vae.settings import TrainVaeSettings


def compose(name: str, settings: TrainVaeSettings, figures: Mapping[str, Any], command: str) -> str:
    """Returns the card in Markdown.

    Args:
        name: name of the data set.
        settings: settings of the training run.
        figures: as `studio.vae.task.train` returns them.
        command: command that repeats the training.
    """
    weights_source = (
        "from the last step, because training was adversarial"
        if settings.adversarial
        else "from the test with the lowest validation loss, on half as many images as were held out"
    )
    vgg16_discriminator = cards.describe_vgg16_discriminator(figures, settings.vgg16_discriminator > 0)
    full = " with full covariances" if figures["density_full"] else ""
    sampling = (
        f"New images are sampled from a mixture of {figures['density_parts']} normals{full}, fitted to the "
        "latents."
        if figures["density_parts"]
        else "New images are sampled from a normal distribution"
        + (", which came closer than a mixture fitted to the latents." if "mixture_fid" in figures else ".")
    )
    if figures["contrast"] != 1:
        sampling += f" Their contrast is raised: logits times {figures['contrast']:g}, chosen by validation."
    return cards.compose(
        f"VAE of {name}",
        f"Data: {name}, {figures['images']:,} images at {settings.size} px; {figures['held_out']:,} of "
        "them were held out as the test split.",
        f"A variational autoencoder of width {settings.width}: {figures['parameters']:,} parameters, "
        f"{settings.latent_dim} latent dimensions.{cards.describe_classes(figures)} "
        f"{cards.describe_training(figures, settings.batch)} "
        f"The weights are an EMA, {weights_source}.{vgg16_discriminator} {sampling}",
        figures,
        command,
        [cards.format_table([*_make_rows(figures), *comparison.make_card_rows(figures)])],
    )


def _make_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("root-mean-square reconstruction error (0 to 255), held out", f"{figures['redraw_error']:.1f}"),
        ("KL divergence, nats per image, held out", f"{figures['kl_nats']:.1f}"),
        ("active latent dimensions", f"{figures['active_units']} of {len(figures['kl'])}"),
    ]
    if "bound_nats" in figures:
        condition = f"{figures['bound_n']:,} held-out images, binarized once at random"
        condition += ", given their classes" if figures["classes"] else ""
        rows.append(
            (
                f"bound, nats per image, {condition}",
                f"{figures['bound_nats']:.2f} ± {figures['bound_error']:.2f}",
            )
        )
    if "weighted_nats" in figures:
        condition = (
            f"{figures['weighted_draws']:,} latents for each of {figures['weighted_n']:,} (Burda et al. 2016)"
        )
        value = f"{figures['weighted_nats']:.2f} ± {figures['weighted_error']:.2f}"
        rows.append((f"importance-weighted bound, nats per image, by {condition}", value))
    for density, description in (
        ("prior", "the normal distribution"),
        ("mixture", "a mixture fitted to the latents"),
    ):
        if f"{density}_fid" in figures:
            value = f"{figures[f'{density}_fid']:.2f} ± {figures[f'{density}_fid_error']:.2f}"
            rows.append((f"FID when sampling from {description} instead, {figures['n']:,}", value))
    return rows
