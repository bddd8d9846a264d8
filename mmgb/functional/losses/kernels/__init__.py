"""Memory-bound kernels for exp-GB and pow3-GB, and their dispatch."""
