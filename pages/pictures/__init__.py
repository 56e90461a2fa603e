"""The pictures that the pages ship, and what draws them."""
