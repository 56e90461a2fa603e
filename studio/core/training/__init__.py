"""What every training run does: the loop, its checkpoints, several devices, fewer bits."""
