import re

import pytest
from mmengine.registry import DefaultScope

from mmgb.recipes.explosion import train_to_the_end


@pytest.fixture(autouse=True)
def scope_ends_with_the_test():
    with DefaultScope.overwrite_default_scope('mmgb'):
        yield


@pytest.mark.parametrize('loss', [dict(type='mmgb.Pow3GBLoss', max_delta=3.0), dict(type='mmgb.SquentropyLoss')])
def test_a_sensible_learning_rate_trains_and_an_extreme_one_stops_with_the_sentence(loss):
    trained, exploded = (train_to_the_end(loss, rate, 30) for rate in (0.1, 1e6))
    assert (trained.verdict, trained.iterations, trained.sentence) == ('falls', 30, '')
    assert trained.last_loss < trained.first_loss
    assert exploded.verdict == 'stops' and exploded.iterations < 10
    cause = r'(the loss is not finite|scores exceed 2\^24, .*) \(loss '
    assert re.match(rf'iteration {exploded.iterations}: {cause}', exploded.sentence)
    assert 'lower the learning rate (it was 1e+06)' in exploded.sentence


def test_settings_that_no_loss_can_have_are_refused():
    refused = train_to_the_end(dict(type='mmgb.ExpGBLoss', targets=(-2.0, 10.0)), 0.1)
    assert refused.verdict == 'refused' and refused.iterations == 0
    assert refused.sentence.startswith('targets=(-2, 10): expected a negative target >= 0')


def test_a_training_that_is_repeated_has_the_same_losses():
    one, other = (train_to_the_end(dict(type='mmgb.ExpGBLoss', matched=True), 0.5, 5) for _ in range(2))
    assert one == other and one.iterations == 5 and one.last_loss < one.first_loss
