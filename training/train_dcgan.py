"""Trains a DCGAN on images (Radford et al. 2015, arXiv:1511.06434).

Command: python -m training.train_dcgan utkface64_20000.tar -o runs/faces-dcgan-first
    --steps 6000 --scored 5000
Reached: FID 46.6 (n = 5,000) in 91 min on two shared cores

Command: python -m training.train_dcgan utkface64_20000.tar -o runs/faces-dcgan-second
    --start-from runs/faces-dcgan-first --steps 3000 --scored 5000 --precision bfloat16
Reached: FID 36.4 (n = 5,000) in 37 min on two crowded cores

Command: python -m training.train_dcgan utkface64_20000.tar -o runs/faces-dcgan
    --start-from runs/faces-dcgan-second --steps 8000 --seed 3 --scored 5000 --precision bfloat16
Reached: FID 32.4 (n = 5,000) in 49 min on two crowded cores; KID falls slowly. The shipped faces-dcgan was
    trained further with a VGG16-feature discriminator and has 11.1: see training/history.md

Command: python -m training.train_dcgan mnist.npz -o runs/digits-dcgan-first --size 28 --colors gray
    --no-flip --width 48 --discriminator-width 32 --shift 3 --steps 5000
Reached: FID 39.6 (n = 1,000) in 9 min on two shared cores

Command: python -m training.train_dcgan mnist.npz -o runs/digits-dcgan-second
    --start-from runs/digits-dcgan-first --size 28 --colors gray --no-flip --width 48 --shift 3 --blocks 1
    --steps 15000 --ema-steps 2000 --scored 0 --seed 1
    then, without dropout, --start-from runs/digits-dcgan-second --dropout 0 --steps 10000 --seed 2
Reached: FID 19.8 (n = 1,000) in 48 min on one core
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("dcgan.train", "train_dcgan"))
