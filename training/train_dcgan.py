"""Trains a DCGAN on pictures (Radford et al. 2015, arXiv:1511.06434).

Command: python -m training.train_dcgan utkface64_20000.tar -o runs/faces-dcgan --steps 20000 --scored 5000
Reached: not yet run
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("dcgan.train", "train_dcgan"))
