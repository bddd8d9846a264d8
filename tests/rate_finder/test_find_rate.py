"""The finder combines the suggestions of its starts."""

from mmengine.config import Config

from mmgb.rate_finder import find_rate as module
from mmgb.rate_finder.find_rate import SweepOptions, find_rate
from mmgb.rate_finder.rate_rule import combine


def test_the_suggestion_is_the_geometric_mean_of_the_starts_whose_loss_fell(monkeypatch):
    def sweep(cfg, rates, seed, batch_size):
        assert batch_size == 5
        lowest = 10 * (seed + 3)
        return [2.0] * len(rates) if seed == 1 else [abs(lowest - step) / 10 for step in range(len(rates))]

    monkeypatch.setattr(module, 'sweep_rates', sweep)
    reported = []
    found = find_rate(Config(), SweepOptions(1e-3, 10.0, 100, 3, 5), lambda start, own: reported.append((start, own)))
    own = [suggestion for _, suggestion in reported]
    assert [suggestion.lowest for suggestion in own] == [found.rates[29], None, found.rates[49]]
    assert found.rate == combine([own[0].rate, own[2].rate]) and found.suggestions == own
    assert [start for start, _ in reported] == [0, 1, 2] and len(found.sweeps) == 3
