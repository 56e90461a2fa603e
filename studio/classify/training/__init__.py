"""Training classifiers: features, the head, fine-tuning and evaluation."""
