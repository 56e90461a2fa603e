"""Trains a variational autoencoder on pictures (Kingma and Welling 2014, arXiv:1312.6114).

Command: python -m training.train_vae utkface64_20000.tar -o runs/faces-vae --steps 4000 --batch 32
Reached: a redrawn pixel is off by 16.5 levels of 255, in 49 min on 2 crowded cores; FID not measured

Command: python -m training.train_vae mnist.npz -o runs/digits-vae --size 28 --colors gray --no-flip
    --likelihood binary --latent-dim 32 --batch 128 --steps 10000 --beta 0.5 --scored 1000
Reached: 102.3 nats a held-out digit (bound), FID 25.3 from the mixture (n = 1,000), in 87 min on 2 cores
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("vae.train", "train_vae"))
