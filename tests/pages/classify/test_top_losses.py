"""Top losses on the page, and the charts of fine-tuning."""

from __future__ import annotations

from ..elements import join_texts, list_image_viewers


def _draw_top_losses(count, has_images=True):
    import numpy as np

    from pages.classify import top_losses
    from studio.core.data import ImageDataset

    names = tuple(f"{n}.png" for n in range(count))
    dataset = ImageDataset(np.zeros((count, 32, 32, 3), "uint8"), names, None, ("cat", "dog"))
    entries = [
        {
            "name": name,
            "label": "cat",
            "prediction": "dog",
            "confidence": 0.9,
            "probability": 0.1,
            "loss": 2.3,
        }
        for name in names
    ]
    top_losses.show(entries, dataset if has_images else None, key="losses")


def test_all_top_losses_can_be_shown(draw):
    page = draw(_draw_top_losses, count=14)
    assert not page.exception
    captions = [element.value.replace("\\", "") for element in page.caption]
    assert len(captions) == 12 and captions[0] == (
        "cat, predicted as dog (90%). Probability of cat: 10.0%, loss 2.30"
    )
    page.toggle[0].set_value(True).run()
    assert len(page.caption) == 14


def test_missing_images_are_explained(draw):
    page = draw(_draw_top_losses, count=2, has_images=False)
    assert "no longer stored" in join_texts(page.caption)


def _draw_curves(history):
    from pages.classify import training

    training.show_curves(history)


def test_fine_tuning_has_a_chart_of_losses_and_one_of_accuracies(draw):
    head = [{"step": step, "loss": 1.0} for step in (1, 2, 3)]
    assert len(draw(_draw_curves, history=head).get("vega_lite_chart")) == 1
    tuned = [{"step": step, "loss": 0.5, "train_accuracy": 0.9} for step in (1, 2)]
    tested = {"step": 3, "loss": 0.4, "train_accuracy": 0.95, "nats": 0.6, "accuracy": 0.8}
    page = draw(_draw_curves, history=[*head, *tuned, tested])
    assert not page.exception and len(page.get("vega_lite_chart")) == 2
    assert "Test accuracy" in str(page.get("vega_lite_chart")[1].proto)


def test_arrows_of_the_lightbox_go_through_the_images_that_are_shown(draw):
    viewers = list_image_viewers(draw(_draw_top_losses, count=14))
    assert [viewer["number"] for viewer in viewers] == list(range(12))
    assert {viewer["series"] for viewer in viewers} == {"losses"}
    assert viewers[0]["neighbors"] == [False, True] and viewers[-1]["neighbors"] == [True, False]
    assert all(viewer["neighbors"] == [True, True] for viewer in viewers[1:-1])
