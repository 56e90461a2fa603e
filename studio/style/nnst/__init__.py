"""Neural Neighbor Style Transfer: each part of the photo takes the features of the painting's nearest part.

Reference:
    Kolkin et al. 2022, "Neural Neighbor Style Transfer", arXiv:2203.13215 (NNST-Opt).
"""
