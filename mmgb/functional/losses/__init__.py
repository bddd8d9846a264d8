"""Losses of linear outputs in plain PyTorch."""
