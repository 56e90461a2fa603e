"""What every training does: the loop, its checkpoints, several devices, fewer bits."""
