"""Trains a classifier of your own classes on VGG16, ResNet50 or EfficientNet-Lite0 (Yosinski et al. 2014,
arXiv:1411.1792).

Command: python -m training.train_classifier flowers5_3000.tar -o runs/flowers
Reached: 93.2% of 899 held-out flowers with seed 0, 93.9% and 90.7% with 1 and 2; VGG16 91.3, 91.7 and
    89.1% (two shared cores, minutes for the first, seconds for the others)

Command: python -m training.train_classifier flowers5_3000.tar -o runs/flowers --finetune
Reached: 94.8, 96.1 and 93.5% with seeds 0, 1 and 2, in about 40 min each on two crowded cores
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("classify.train", "train_classifier"))
