"""Trains a character LSTM on a text (Graves 2013, arXiv:1308.0850).

Command: python -m training.train_text tinyshakespeare.txt -o runs/shakespeare
    --start-from runs/shakespeare-first --epochs 5 --learning-rate 0.002 --patience 0
Reached: 1.4252 nats per character on the held-out tenth; training/history.md has the command of its start
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("text.train", "train_text"))
