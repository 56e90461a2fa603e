"""The training loop, checkpoints, EMA, optimizers, mixed precision and training on several devices."""
