"""How a network learns to color."""
