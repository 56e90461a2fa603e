"""What all models share that draw images out of numbers."""
