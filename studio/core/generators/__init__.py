"""What all models share that draw pictures out of numbers."""

LEAST_PICTURES = 64  # that differ, which one learns from
