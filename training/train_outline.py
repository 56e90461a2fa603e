"""Teaches a network to paint avatars from drawings, all of which the studio draws itself.

Command: python -m training.train_outline -o runs/outline
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("outline.train", "train_outline"))
