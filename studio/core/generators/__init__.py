"""Code shared by all generators (VAE, DCGAN, diffusion)."""

MIN_IMAGES = 64  # distinct images that training needs
