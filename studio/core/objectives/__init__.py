"""What an image is pulled towards by a network, and the gradient of it."""
