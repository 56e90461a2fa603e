"""Teaches VGG16 or ResNet50 classes of your own (Yosinski et al. 2014, arXiv:1411.1792).

Command: python -m training.train_classifier flowers5_3000.tar -o runs/flowers --finetune
Reached: not yet run
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("classify.train", "train_classifier"))
