"""Teaches one network to paint in several styles at once (Dumoulin et al. 2017, arXiv:1610.07629).

Command: python -m training.train_style flowers5_3000.tar -o runs/house1 --style sample:mosaic sample:wash
    sample:woodcut sample:stained_glass sample:brush_strokes sample:halftone sample:dots sample:fans
    --steps 4600 --size 96 --photo-size 224 --batch 2 --steadiness 0 --strength 0.45
stopped after 1,237 steps; then the same with -o runs/house --start-from runs/house1 --steps 1900
    --steadiness 15 --strength 0.42
Reached: style loss .253 and content loss 1.11 on held-out photos, in 53 minutes on two shared cores

A style more for a network that is there, in minutes:
    python -m training.train_style PHOTOS -o DIR --style mine.png --start-from house --only-new --steps 300
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("style.train", "train_style"))
