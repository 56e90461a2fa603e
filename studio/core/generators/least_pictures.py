"""How few images a generator can learn from."""

LEAST_PICTURES = 64  # that differ
