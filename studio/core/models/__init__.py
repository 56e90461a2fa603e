"""Trained models: saving, finding and loading them by name."""
