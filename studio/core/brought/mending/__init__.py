"""Descriptions of networks that any Keras wrote, in the words of today's; nothing is built of them here."""
