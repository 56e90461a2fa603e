"""LiteRT files, which draw, paint and predict without Keras: exported from Keras, or written for speed."""
