"""Trains a network to detect scratches, hairs and dust in old photos.

Command: python -m training.train_restore photos -o DIR --steps 5000
    where photos is a folder of caltech101_96.tar and flowers5_3000.tar, unpacked
Reached: precision .63 and recall .50 on held-out photos with drawn damage, in 80 minutes on part of two cores
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("restore.train", "train_restore"))
