"""Trains one network to paint in several styles at once (Dumoulin et al. 2017, arXiv:1610.07629).

Command: python -m training.train_style flowers5_3000.tar -o runs/house1 --style sample:mosaic sample:wash
    sample:woodcut sample:stained_glass sample:brush_strokes sample:halftone sample:dots sample:fans
    --steps 4600 --size 96 --photo-size 224 --batch 2 --steadiness 0 --strength 0.45
stopped after 1,237 steps; then resumed four times, the last with -o runs/house-fifth
    --start-from runs/house-fourth --steps 3000 --size 256 --photo-size 320 --batch 2 --steadiness 20
    --strength 0.5 --precision bfloat16 --seed 5 --kept 0.2; then Fans alone with -o runs/house
    --start-from runs/house-fifth --only-new --parts 2 --steps 500 --steadiness 80 --seed 12, else as before
    (all commands in training/history.md)
Reached: style loss .124 and content loss 1.24 on held-out photos, in about six hours on two shared cores

Adds a style to an existing network in minutes:
    python -m training.train_style PHOTOS -o DIR --style mine.png --start-from house --only-new --steps 300
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("style.train", "train_style"))
