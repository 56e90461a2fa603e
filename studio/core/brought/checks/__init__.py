"""What a description of a network may ask for: known layers of possible sizes."""
