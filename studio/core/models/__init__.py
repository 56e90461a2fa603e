"""Trained models by their names: kept, found and filled with their weights."""
