from .scaled_tanh import ScaledTanh

__all__ = ['ScaledTanh']
