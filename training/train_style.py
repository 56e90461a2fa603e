"""Teaches one network to paint in several styles at once (Dumoulin et al. 2017, arXiv:1610.07629).

Command: python -m training.train_style flowers5_3000.tar -o runs/house1 --style sample:mosaic sample:wash
    sample:woodcut sample:stained_glass sample:brush_strokes sample:halftone sample:dots sample:fans
    --steps 4600 --size 96 --photo-size 224 --batch 2 --steadiness 0 --strength 0.45
stopped after 1,237 steps; the same with -o runs/house-first --start-from runs/house1 --steps 1900
    --steadiness 15 --strength 0.42; and with -o runs/house --start-from runs/house-first --steps 5000
    --size 160 --batch 4 --steadiness 20 --strength 0.5 --precision bfloat16
Reached: style loss .140 and content loss 1.31 on held-out photos, in about three hours on two shared cores

A style more for a network that is there, in minutes:
    python -m training.train_style PHOTOS -o DIR --style mine.png --start-from house --only-new --steps 300
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("style.train", "train_style"))
