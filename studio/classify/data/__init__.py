"""What is in a data set of classes: gaps, doubles, odd labels, and what is held out."""
