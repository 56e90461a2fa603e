"""How a network learns to colour."""
