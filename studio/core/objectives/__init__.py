"""What a picture is pulled towards by a network, and the gradient of it."""
