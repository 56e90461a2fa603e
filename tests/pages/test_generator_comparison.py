"""The table on the Faces page that compares a GAN, a VAE and a diffusion model of the same images."""

from __future__ import annotations

import pytest

from pages.faces import comparison

from .elements import join_texts


def test_models_of_the_same_images_are_compared_by_fid():
    rows = comparison.list_rows("digits-vae")
    assert {"digits-vae", "digits-dcgan"} <= {row["Model"] for row in rows}
    assert [row["FID"] for row in rows] == sorted(row["FID"] for row in rows)
    assert {row["Kind"] for row in rows if row["Model"] == "digits-vae"} == {"VAE"}
    assert comparison.list_rows("a-model-of-the-user") == []


@pytest.mark.parametrize("name, is_compared", [("digits-dcgan", True), ("avatars-dcgan", False)])
def test_the_table_needs_two_models(draw, name, is_compared):
    def page(name):
        from pages.faces import comparison

        comparison.show(name)

    view = draw(page, name=name)
    assert bool(view.dataframe) == is_compared
    assert ("Network passes" in join_texts(view.caption)) == is_compared


def test_unequal_numbers_of_images_are_pointed_out(draw, monkeypatch):
    def page():
        from pages.faces import comparison

        comparison.show("digits-vae")

    for counts, is_noted in (((1000, 1000), False), ((1000, 5000), True)):
        rows = [{"Model": f"model-{n}", "Images": n} for n in counts]
        monkeypatch.setattr(comparison, "list_rows", lambda name, rows=rows: rows)
        assert ("only models with the same number" in join_texts(draw(page).caption)) == is_noted
