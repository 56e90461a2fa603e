"""Small networks in NumPy, which begin at once and can be looked at between any two of their steps."""
