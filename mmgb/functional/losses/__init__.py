"""The losses in plain PyTorch: one module each, and the evaluation that they share."""
