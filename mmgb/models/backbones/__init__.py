from .pixelnet_vgg import PixelNetVGG

__all__ = ['PixelNetVGG']
