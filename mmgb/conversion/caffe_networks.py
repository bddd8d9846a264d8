"""Tables that map the layers of released Caffe networks to modules of mmgb's models.

The backbone's class selects the table. A table may name layers or modules that a file or a config does not have: an
ImageNet classifier fills only PixelNet's backbone.
"""

from typing import NamedTuple


class CaffeNetwork(NamedTuple):
    """A released network.

    Attributes:
        modules (dict[str, str]): name of a Caffe layer to the path of the module with its ``weight`` and ``bias``.
        mean (tuple[float, float, float]): mean of the blue, green and red channels (0 to 255), which is subtracted from
            the images. They are not scaled otherwise.
    """

    modules: dict[str, str]
    mean: tuple[float, float, float]


def pixelnet() -> CaffeNetwork:
    """Return the table of PixelNet (github.com/aayushbansal/PixelNet, models/analysis/mlp) and of VGG-16, its start.

    The indices of the convolutions in ``features`` are those of torchvision's VGG-16 without batch norm. The released
    perceptron was trained on fc7 read at stride 224, the last of ``PixelNetHead``'s ``strides``.
    """
    places = iter((0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28))
    modules = {
        f'conv{stage}_{index}': f'backbone.features.{next(places)}'
        for stage, count in enumerate((2, 2, 3, 3, 3), 1)
        for index in range(1, count + 1)
    }
    for place, names in ((0, ('fc6', 'fc6_conv')), (3, ('fc7', 'fc7_conv'))):  # names in VGG-16 and in PixelNet
        modules.update(dict.fromkeys(names, f'backbone.classifier.{place}'))
    modules.update(fc6_new='decode_head.fc1', fc7_new='decode_head.fc2', cls_score_new='decode_head.conv_seg')
    return CaffeNetwork(modules, (102.98, 115.95, 122.77))


def places2_model_b() -> CaffeNetwork:
    """Return the table of the Relay paper's model B (github.com/lishen-shirley/Places2-CNNs), 401 or 365 classes."""
    branches = {
        '1x1': 'branch1x1.0',
        '3x3': 'branch3x3.0',
        'double3x3a': 'branch3x3_double.0',
        'double3x3b': 'branch3x3_double.2',
    }
    modules = {'conv1': 'backbone.stages.0.0'}
    modules.update(
        {
            f'inception_{stage + 2}{letter}/{branch}': f'backbone.stages.{stage}.{index}.{ours}'
            for stage in (1, 2, 3)
            for index, letter in enumerate('abcd')
            for branch, ours in branches.items()
        }
    )
    modules.update(fc6='neck.fc.0', fc7='neck.fc.3', fc8='head.fc')
    return CaffeNetwork(modules, (105.448, 113.768, 116.052))


NETWORKS = {'PixelNetVGG': pixelnet(), 'Places2Inception': places2_model_b()}
