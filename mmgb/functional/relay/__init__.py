"""Relay Backpropagation in plain PyTorch."""
