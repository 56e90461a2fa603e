"""Objectives of image optimization by a network, and their gradients."""
