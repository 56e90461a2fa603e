"""Finished work: making it again and comparing it."""
