"""LiteRT files, which run networks without Keras: exported from Keras, or built by `graph`."""
