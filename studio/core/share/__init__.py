"""Shares a model as one HTML page, which runs it in a browser without a network."""
