"""How a network learns to enlarge."""
