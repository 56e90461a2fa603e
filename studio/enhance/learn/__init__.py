"""Trains networks for upscaling and denoising."""
