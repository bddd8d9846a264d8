"""Relay Backpropagation for the models of a config."""

from .relay_bp import RelayBP

__all__ = ['RelayBP']
