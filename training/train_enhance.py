"""Trains a network to upscale photos two, three and four times, or to remove noise and JPEG artifacts.

Command: python -m training.train_enhance flowers5_3000.tar -o runs/enlarge-first
    --drawings drawings480.npz --steps 3000 --window 32 --batch 5 --learning-rate 0.0015 --test-every 250
then resumed twice (all commands in training/history.md)
Reached: 37.02, 33.16 and 30.94 dB on Set5 at 2, 3 and 4 times, in 84 minutes on one busy core

Command: python -m training.train_enhance flowers5_3000.tar -o runs/clean-first --to clean
    --drawings drawings240.npz --steps 7000 --window 64 --batch 16 --width 64 --blocks 6 --precision bfloat16
then resumed three times
Reached: 30.04 dB on Set12 with noise of 25 levels, 31.79 dB with JPEG of quality 20, in three hours
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("enhance.train", "train_enhance"))
