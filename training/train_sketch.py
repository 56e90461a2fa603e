"""Trains a network to paint avatars from sketches of them.

Command: python -m training.train_sketch sketches.npz -o runs/sketch
after python -m training.drawings sketches -o sketches.npz -n 4500 --seed 1
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("sketch.train", "train_sketch"))
