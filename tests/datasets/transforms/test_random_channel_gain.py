"""RandomChannelGain over many draws."""

import numpy as np
import pytest
from mmseg.registry import TRANSFORMS

from mmgb.datasets.transforms import RandomChannelGain


def test_each_channel_gets_an_independent_gain_within_the_range():
    np.random.seed(0)
    transform = TRANSFORMS.build(dict(type='mmgb.RandomChannelGain', low=0.8, high=1.3))
    image = np.random.randint(1, 256, (5, 6, 3), dtype=np.uint8)
    labels = np.arange(30).reshape(5, 6)
    gains = []
    for _ in range(500):
        result = transform(dict(img=image.copy(), gt_seg_map=labels))
        ratio = result['img'] / image
        assert result['img'].dtype == np.float32 and result['gt_seg_map'] is labels
        assert np.allclose(ratio, ratio[:1, :1], rtol=1e-6)  # one gain per channel, not clipped at 255
        gains.append(ratio[0, 0])
    gains = np.array(gains)
    assert 0.8 <= gains.min() < 0.81 and 1.29 < gains.max() <= 1.3
    assert np.abs(np.corrcoef(gains.T)[np.triu_indices(3, 1)]).max() < 0.15


@pytest.mark.parametrize('low, high', [(0, 1), (1.3, 0.8), (-1, 1)])
def test_an_invalid_range_is_refused(low, high):
    with pytest.raises(ValueError, match=f'low={low}, high={high}: expected 0 < low <= high'):
        RandomChannelGain(low, high)


def test_a_gray_image_without_a_channel_axis_gets_one_gain():
    image = np.full((4, 5), 100, np.uint8)
    gains = [RandomChannelGain()(dict(img=image))['img'] / image for _ in range(20)]
    assert all(gain.shape == (4, 5) and len(np.unique(gain)) == 1 for gain in gains)
    assert len({gain[0, 0] for gain in gains}) == 20
