"""What all models share that draw pictures out of numbers."""
