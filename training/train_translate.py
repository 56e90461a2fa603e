"""Trains a network to turn one image into another, from your own pairs or from photos and their edges.

Command: python -m training.train_translate PAIRS -o runs/translate
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("sketch.train_pairs", "train_translate"))
