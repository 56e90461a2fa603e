"""How few images a generator can learn from."""

LEAST_IMAGES = 64  # that differ
