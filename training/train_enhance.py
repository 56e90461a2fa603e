"""Teaches a network to enlarge photos two, three and four times.

Command: python -m training.train_enhance flowers5_3000.tar -o runs/enlarge --drawings 600 --steps 4000
(all steps in training/README.md)
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("enhance.train", "train_enhance"))
