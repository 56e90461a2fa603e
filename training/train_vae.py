"""Trains a variational autoencoder on images (Kingma and Welling 2014, arXiv:1312.6114).

Command: python -m training.train_vae utkface64_20000.tar -o runs/faces-vae-first --steps 4000 --batch 32
Command: python -m training.train_vae utkface64_20000.tar -o runs/faces-vae-second --batch 32
    --start-from runs/faces-vae-first --steps 2500 --learning-rate 0.0005 --warm-up 0 --scored 5000
Command: python -m training.train_vae utkface64_20000.tar -o runs/faces-vae --steps 7500 --beta 3
    --start-from runs/faces-vae-second --learning-rate 0.0003 --warm-up 0 --adversarial 0.5
    --precision bfloat16 --scored 5000
Reached: reconstruction error 16.5 of 255, FID 63.1 from the mixture (n = 5,000). The shipped faces-vae was
    trained further with a VGG16-feature discriminator and has 34.6: see training/history.md

Command: python -m training.train_vae mnist.npz -o runs/digits-vae-first --size 28 --colors gray --no-flip
    --likelihood binary --latent-dim 32 --batch 128 --steps 10000 --beta 0.5 --scored 1000
Command: python -m training.train_vae mnist.npz -o runs/digits-vae --size 28 --colors gray --no-flip
    --likelihood binary --latent-dim 32 --batch 128 --start-from runs/digits-vae-first --steps 2500
    --beta 1 --warm-up 0 --learning-rate 0.0005 --precision bfloat16 --scored 1000
Reached: 97.9 nats per held-out digit (bound), FID 26.0 from the mixture (n = 1,000), 87 and 7 min on 2 cores.
    The shipped digits-vae was trained further on a GPU and has 93.2 nats (importance-weighted 87.7)
"""

import sys

from training.script import main

if __name__ == "__main__":
    sys.exit(main("vae.train", "train_vae"))
