"""Teaches one network to paint in several styles at once (Dumoulin et al. 2017, arXiv:1610.07629).

Command: python -m training.train_style flowers5_3000.tar -o runs/house --style sample:mosaic sample:wash
    sample:woodcut sample:stained_glass sample:brush_strokes sample:halftone sample:dots sample:fans
Reached: not yet run

A style more for a network that is there, in minutes:
    python -m training.train_style PHOTOS -o DIR --style mine.png --start-from house --only-new --steps 300
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("style.train", "train_style"))
