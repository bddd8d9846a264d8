"""The gradients sent to the end of a range are exactly those of the losses that continue there."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.relay.plan import PRIMARY, Range, Relay, relay_plan


@st.composite
def ranges(draw):
    """Draw a primary range and up to four auxiliary ranges in a chain of eight layers.

    Layer k has its input at position 2k and its output at position 2k + 1.
    """
    primary = draw(st.sampled_from([-math.inf, *range(0, 16, 2)]))
    sources = draw(st.lists(st.integers(0, 7), max_size=4, unique=True))
    auxiliaries = [
        Range(draw(st.sampled_from([-math.inf, *range(0, 2 * layer + 1, 2)])), 2 * layer + 1) for layer in sources
    ]
    return Range(primary, math.inf), auxiliaries


def active(losses, position):
    return {name for name, loss in losses.items() if loss.lowest < position < loss.source}


@settings(max_examples=500)
@given(ranges())
def test_every_continuing_loss_is_sent_once_and_no_ended_loss_is_sent(case):
    primary, auxiliaries = case
    losses = {PRIMARY: primary, **dict(enumerate(auxiliaries))}
    plan = {relay.end: relay for relay in relay_plan(primary, auxiliaries)}
    for end in {loss.lowest for loss in losses.values()} - {-math.inf}:
        surviving = active(losses, end)
        if not surviving:
            assert end not in plan
            continue
        relay = plan[end]
        sent = list(relay.heads)
        if relay.trunk is not None:
            source = losses[relay.trunk].source
            from_above = active(losses, source)
            sent += from_above
            # Every loss that is active at the forked source continues below the end.
            assert all(losses[name].lowest < end for name in from_above)
        assert sorted(sent) == sorted(surviving)
        assert all(losses[name].source > end for name in relay.heads)


def test_figure_2_sends_each_lower_loss_alone_through_the_overlap():
    # Figure 2 of Shen et al.: VGG-19 in five segments. Segment k has its input at 2k and its output at 2k + 1.
    plan = relay_plan(Range(2 * 4, math.inf), [Range(-math.inf, 2 * 3 + 1), Range(2 * 3, 2 * 4 + 1)])
    assert plan == [Relay(8, None, (1,)), Relay(6, None, (0,))]


def test_without_an_end_there_is_no_second_pass():
    assert relay_plan(Range(-math.inf, math.inf), [Range(-math.inf, 5)]) == []
