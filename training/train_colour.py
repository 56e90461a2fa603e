"""Teaches a network the colours of photos."""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("colour.train", "train_colour"))
