"""How few pictures a model that draws can learn from."""

LEAST_PICTURES = 64  # that differ
