"""What single channels of a network like to see."""
