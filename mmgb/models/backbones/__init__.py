"""Backbones of both papers' experiments. They need neither mmsegmentation nor mmpretrain."""

from .alexnet_bn import AlexNetBN
from .cifar_convnet import CifarConvNet
from .mlp import MLP
from .pixelnet_vgg import PixelNetVGG
from .places2_inception import Places2Inception
from .places2_vgg import Places2VGG
from .plain_conv_net import PlainConvNet

__all__ = ['AlexNetBN', 'CifarConvNet', 'MLP', 'PixelNetVGG', 'Places2Inception', 'Places2VGG', 'PlainConvNet']
