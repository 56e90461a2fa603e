"""Code shared by all generators (VAE, DCGAN)."""
