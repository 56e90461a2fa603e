"""Small networks in NumPy, which start immediately and can be inspected after each step."""
