"""Neural Neighbor Style Transfer: each photo position takes the features of its nearest neighbor.

Reference:
    Kolkin et al. 2022, "Neural Neighbor Style Transfer", arXiv:2203.13215 (NNST-Opt).
"""
