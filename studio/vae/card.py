"""The card of a trained VAE, made from its figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.metrics import comparison
from studio.core.models import cards
from studio.vae.settings import TrainVaeSettings


def write(name: str, settings: TrainVaeSettings, figures: Mapping[str, Any], command: str) -> str:
    """The card in Markdown.

    Args:
        name: of the data set.
        settings: of the training.
        figures: as `studio.vae.task.train` gives them.
        command: that trains it.
    """
    kept = (
        "the last ones, for it learnt against a judge of its pictures"
        if settings.adversarial
        else "of the test that missed least on validation pictures, half as many as were held out"
    )
    second = cards.second_judge(figures, settings.perceptual_judge > 0)
    full = " with full covariances" if figures["density_full"] else ""
    drawn = (
        f"New pictures are drawn from a mixture of {figures['density_parts']} normals{full}, fitted to the "
        "codes."
        if figures["density_parts"]
        else "New pictures are drawn from a normal distribution"
        + (", which came closer than a mixture fitted to the codes." if "mixture_fid" in figures else ".")
    )
    if figures["contrast"] != 1:
        drawn += f" Their contrast is raised: logits times {figures['contrast']:g}, chosen by validation."
    return cards.write(
        f"Draws like {name}",
        f"Data: {name}, {figures['pictures']:,} pictures at {settings.size} px; {figures['held_out']:,} of "
        "them were held out.",
        f"A variational autoencoder of width {settings.width}: {figures['parameters']:,} parameters, "
        f"{settings.latent_dim} numbers a picture. {cards.trained(figures, settings.batch)} "
        f"The weights are averaged ones, {kept}.{second} {drawn}",
        figures,
        command,
        [cards.table([*_rows(figures), *comparison.rows(figures)])],
    )


def _rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = [
        ("levels (of 255) by which a redrawn pixel is off, held out", f"{figures['redraw_error']:.1f}"),
        ("nats that the codes tell of a picture, held out", f"{figures['kl_nats']:.1f}"),
        ("numbers of a code that tell anything", f"{figures['active_units']} of {len(figures['kl'])}"),
    ]
    if "bound_nats" in figures:
        of = f"{figures['bound_n']:,} held-out pictures made black and white by one draw"
        rows.append(
            (f"bound, nats a picture, {of}", f"{figures['bound_nats']:.2f} ± {figures['bound_error']:.2f}")
        )
    if "weighted_nats" in figures:
        of = f"{figures['weighted_draws']:,} codes for each of {figures['weighted_n']:,} (Burda et al. 2016)"
        told = f"{figures['weighted_nats']:.2f} ± {figures['weighted_error']:.2f}"
        rows.append((f"importance-weighted bound, nats a picture, by {of}", told))
    for way, words in (("prior", "the normal distribution"), ("mixture", "a mixture fitted to the codes")):
        if f"{way}_fid" in figures:
            told = f"{figures[f'{way}_fid']:.2f} ± {figures[f'{way}_fid_error']:.2f}"
            rows.append((f"FID from {words} instead, {figures['n']:,}", told))
    return rows
