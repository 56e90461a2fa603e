"""Trains a character LSTM on a text (Graves 2013, arXiv:1308.0850).

Command: python -m training.train_text tinyshakespeare.txt -o runs/shakespeare --epochs 16 --dropout 0.5
    --weight-dropout 0.2 --weight-decay 0.02 --patience 0
Reached: not yet run to its end
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("text.train", "train_text"))
