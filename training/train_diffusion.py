"""Trains a diffusion model on images by flow matching (Lipman et al. 2022, arXiv:2210.02747).

Command: python -m training.train_diffusion mnist.npz -o runs/digits-diffusion --size 28 --colors gray
    --no-flip --learning-rate 0.001 --precision bfloat16 --test-every 1000 --scored 5000
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("diffusion.train", "train_diffusion"))
