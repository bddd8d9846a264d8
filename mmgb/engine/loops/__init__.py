"""Loops of a training run."""

from .augmented_val_loop import AugmentedValLoop

__all__ = ['AugmentedValLoop']
