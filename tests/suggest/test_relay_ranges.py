"""The rule of a relay's ranges gives those of the paper's networks, and refuses networks without such modules."""

import pytest

from mmgb.functional.errors import ConfigError
from mmgb.suggest.relay_ranges import choose_ranges
from mmgb.suggest.units import Unit


def chain(modules):
    """Units of a chain, from (path, layers with weights, cells of the output), and the stages around them."""
    total, done, units = sum(layers for _, layers, _ in modules), 0, []
    for i, (path, layers, cells) in enumerate(modules):
        units.append(Unit(path, done / total, (done + layers) / total, 8, (cells, cells)))
        done += layers
        stage = path.rpartition('.')[0]
        following = modules[i + 1][0] if i + 1 < len(modules) else ''
        if stage.count('.') and not following.startswith(f'{stage}.'):
            begun = sum(n for other, n, _ in modules[: i + 1] if not other.startswith(f'{stage}.'))
            units.append(Unit(stage, begun / total, done / total, 8, (cells, cells)))
    return units


# Layers with weights as the architectures' papers list them.
RESNET50 = [('backbone.conv1', 1, 112)] + [
    (f'backbone.layer{stage}.{block}', 4 if block == 0 else 3, cells)
    for stage, blocks, cells in ((1, 3, 56), (2, 4, 28), (3, 6, 14), (4, 3, 7))
    for block in range(blocks)
]
INCEPTION = [
    *((f'backbone.Conv2d_{name}', 1, cells) for name, cells in (('1a', 149), ('2a', 147), ('2b', 147))),
    *((f'backbone.Conv2d_{name}', 1, cells) for name, cells in (('3b', 73), ('4a', 71))),
    *((f'backbone.Mixed_5{letter}', 7, 35) for letter in 'bcd'),
    ('backbone.Mixed_6a', 4, 17),
    *((f'backbone.Mixed_6{letter}', 10, 17) for letter in 'bcde'),
    ('backbone.Mixed_7a', 6, 8),
    *((f'backbone.Mixed_7{letter}', 9, 8) for letter in 'bc'),
]
MODEL_A = [
    (f'backbone.stages.{stage}.{layer}', int(layer < 2 * convs and layer % 2 == 0), cells >> (layer == 2 * convs))
    for stage, convs, cells in ((0, 2, 224), (1, 2, 112), (2, 5, 56), (3, 5, 28), (4, 5, 14))
    for layer in range(2 * convs + 1)  # convolutions with ReLU, and a pooling layer
]


@pytest.mark.parametrize(
    'modules, source, lowest',
    [
        (RESNET50, 'backbone.layer3.3', 'backbone.layer3.0'),
        (INCEPTION, 'backbone.Mixed_6e', 'backbone.Mixed_6b'),
        (MODEL_A, 'backbone.stages.3.9', 'backbone.stages.3.0'),  # up to the ReLU before the pooling layer
    ],
)
def test_the_rule_gives_the_ranges_of_the_papers_networks(modules, source, lowest):
    found = choose_ranges(chain(modules))
    assert [unit.path for unit in found] == [source, lowest]


def test_a_given_source_keeps_its_place_and_the_range_stays_in_its_stage():
    source, lowest = choose_ranges(chain(RESNET50), 'backbone.layer3.5')
    assert (source.path, lowest.path) == ('backbone.layer3.5', 'backbone.layer3.0')


@pytest.mark.parametrize(
    'modules, source, sentence',
    [
        ([], None, 'through which everything passes, got no feature map'),
        ([('backbone.a', 1, 8), ('backbone.b', 9, 8)], None, "got 'backbone.a' at 10% as the last one"),
        (RESNET50, 'backbone.layer5', "source='backbone.layer5' of the auxiliary head, got a way around it"),
        ([('backbone.a', 6, 8), ('backbone.b', 4, 8)], None, 'expected a unit of 8x8 cells between three tenths'),
    ],
)
def test_networks_without_such_modules_are_refused_with_the_reason(modules, source, sentence):
    with pytest.raises(ConfigError, match=sentence):
        choose_ranges(chain(modules), source)
