"""A difference table shows both errors, their difference and a verdict for each data set."""

from scipy.stats import ttest_ind

from mmgb.trials.claims import Claim
from mmgb.trials.difference_table import difference_table
from mmgb.trials.trial import Setting, Trial


def setting(*best):
    return Setting('accuracy/top1', 'epoch', {}, [Trial(seed, [(1, value)], None) for seed, value in enumerate(best)])


def diverged():
    return Setting('accuracy/top1', 'epoch', {}, [Trial(0, [], 'FloatingPointError: inf')])


def claim(name, first, second, **options):
    return Claim(name, '', 'minimum error', 'lower', first, second, 'experiments.py run x', **options)


def test_each_row_shows_errors_difference_p_and_verdict():
    first, second = (90.0, 91.0, 92.0), (95.0, 95.5, 96.0)
    claims = [
        claim('clear', setting(*first), setting(*second), tuning='4 and 4'),
        claim('stopped', setting(*first), setting(*second), stopping='b: 3 of 5 planned trials'),
        claim('swapped', setting(*second), setting(*first)),
        claim('unclear', setting(*first), setting(91.0, 92.0, 91.5)),
        claim('lost', setting(*first), diverged()),
        claim('open', setting(*first), None),
    ]
    head, _, *rows = difference_table(claims, ['softmax', 'boosted']).splitlines()
    assert head.startswith('|  | softmax: error, % | boosted: error, % | second minus first |')
    p = f'{ttest_ind(first, second, equal_var=False).pvalue:.2g}'
    numbers = f'9.00 ± 0.58 | 4.50 ± 0.29 | -4.50 ± 0.65 | {p} | 3 and 3'
    assert rows[0] == f'| clear | {numbers} | 4 and 4 | holds |'
    assert rows[1] == f'| stopped | {numbers} |  | holds; b: 3 of 5 planned trials |'
    assert rows[2] == f'| swapped | 4.50 ± 0.29 | 9.00 ± 0.58 | +4.50 ± 0.65 | {p} | 3 and 3 |  | contradicted |'
    assert '| not visible: effects below ' in rows[3]
    assert (
        rows[4]
        == '| lost | 9.00 ± 0.58 | diverged |  |  | 3 and 1 (1 diverged) |  | one of them diverged in every trial |'
    )
    assert rows[5] == '| open |  |  |  |  |  |  | not measured yet: `experiments.py run x` |'
