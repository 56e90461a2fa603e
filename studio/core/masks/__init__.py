"""Masks: selected by a network for persons or faces, or painted; read and applied."""
