"""Teaches a network to paint avatars from sketches of them.

Command: python -m training.train_outline sketches.npz -o runs/outline
after python -m training.drawings sketches -o sketches.npz -n 4500 --seed 1
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("outline.train", "train_outline"))
