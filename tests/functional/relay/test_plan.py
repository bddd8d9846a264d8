"""What is taken along to the end of a range is exactly what goes on there."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from mmgb.functional.relay.plan import PRIMARY, Range, Relay, relay_plan


@st.composite
def ranges(draw):
    """A primary range and up to four auxiliary ones, in a chain of eight layers; the entrance of layer k lies at 2k,
    its output at 2k + 1."""
    primary = draw(st.sampled_from([-math.inf, *range(0, 16, 2)]))
    sources = draw(st.lists(st.integers(0, 7), max_size=4, unique=True))
    auxiliaries = [
        Range(draw(st.sampled_from([-math.inf, *range(0, 2 * layer + 1, 2)])), 2 * layer + 1) for layer in sources
    ]
    return Range(primary, math.inf), auxiliaries


def active(losses, position):
    return {name for name, loss in losses.items() if loss.lowest < position < loss.source}


@settings(max_examples=500, deadline=None)
@given(ranges())
def test_every_surviving_loss_is_taken_along_once_and_no_ended_one(case):
    primary, auxiliaries = case
    losses = {PRIMARY: primary, **dict(enumerate(auxiliaries))}
    plan = {relay.end: relay for relay in relay_plan(primary, auxiliaries)}
    for end in {loss.lowest for loss in losses.values()} - {-math.inf}:
        surviving = active(losses, end)
        if not surviving:
            assert end not in plan
            continue
        relay = plan[end]
        taken = list(relay.heads)
        if relay.trunk is not None:
            source = losses[relay.trunk].source
            from_above = active(losses, source)
            taken += from_above
            # Whatever passes that source goes on to the end itself: nothing of it ends in between.
            assert all(losses[name].lowest < end for name in from_above)
        assert sorted(taken) == sorted(surviving)
        assert all(losses[name].source > end for name in relay.heads)


def test_figure_2_takes_each_lower_loss_alone_through_the_overlap():
    # VGG-19 in five segments; the entrance of segment k lies at 2k, its output at 2k + 1.
    plan = relay_plan(Range(2 * 4, math.inf), [Range(-math.inf, 2 * 3 + 1), Range(2 * 3, 2 * 4 + 1)])
    assert plan == [Relay(8, None, (1,)), Relay(6, None, (0,))]


def test_without_an_end_nothing_travels_twice():
    assert relay_plan(Range(-math.inf, math.inf), [Range(-math.inf, 5)]) == []
