"""Activation functions, registered for ``act_cfg``."""

from .scaled_tanh import ScaledTanh

__all__ = ['ScaledTanh']
