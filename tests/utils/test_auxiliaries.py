import pytest

from mmgb.utils.auxiliaries import is_auxiliary


@pytest.mark.parametrize(
    'name, expected',
    [
        ('auxiliary_head.0.conv.weight', True),
        ('auxiliaries', True),
        ('auxiliaries.1', True),
        ('decode_head.auxiliaries', False),
        ('auxiliary_heads.0', False),
        ('', False),
    ],
)
def test_parts_below_an_auxiliary_head_or_loss_of_the_model_are_auxiliary(name, expected):
    assert is_auxiliary(name) == expected
