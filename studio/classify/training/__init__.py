"""Training classes: features, the head, fine-tuning, and how good it is in the end."""
