"""Trains networks that turn drawings into images."""
