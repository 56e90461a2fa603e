"""Style transfer by optimisation: what is judged, at which sizes, and how the picture descends."""
