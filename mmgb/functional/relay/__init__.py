"""Relay Backpropagation in plain PyTorch; see :mod:`mmgb.functional.relay.gate`."""
