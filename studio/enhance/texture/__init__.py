"""Texture: upscaling with networks that were trained with an adversarial loss and invent fine detail."""
