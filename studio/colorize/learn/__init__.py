"""Trains networks for colorizing."""
