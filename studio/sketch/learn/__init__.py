"""How a network learns to paint from drawings."""
