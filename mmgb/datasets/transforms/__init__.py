from .random_channel_gain import RandomChannelGain

__all__ = ['RandomChannelGain']
