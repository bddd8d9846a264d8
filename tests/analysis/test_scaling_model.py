import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmgb.analysis.scaling_model import Machine, Workload, bottleneck, efficiency, largest_useful, model_step

MACHINE = Machine('gpu', 1e12, 8, 100e9, 10e9, 0.0, 10, 0.5)
WORKLOAD = Workload('net', 1e9, 100e6, 32, 0.001)


def test_a_step_is_computing_three_forward_passes_and_what_sending_sticks_out():
    single = model_step(WORKLOAD, MACHINE, 1)
    assert single.compute == pytest.approx(3 * 32 * 1e9 / 1e12) and single.exposed == 0
    assert single.seconds == single.compute and single.loading == pytest.approx(32 * 0.001 / 10)
    slow = MACHINE._replace(bandwidth_inside=1e9)
    found = model_step(WORKLOAD, slow, 4)
    sending = 2 * 3 / 4 * 100e6 / 1e9
    assert found.exposed == pytest.approx(sending - 0.5 * single.compute * 2 / 3)
    assert found.seconds == pytest.approx(single.compute + found.exposed)


def test_the_last_bucket_is_never_hidden():
    fast = MACHINE._replace(bandwidth_inside=1e12)
    assert model_step(WORKLOAD, fast, 2).exposed == pytest.approx(25 * 2**20 / 1e12)


def test_slow_loading_makes_every_number_of_gpus_wait_equally():
    slow = WORKLOAD._replace(loading_s=1.0)
    assert bottleneck(slow, MACHINE, 64) == 'loading'
    assert efficiency(slow, MACHINE, 64) == 1 and largest_useful(slow, MACHINE) is None


def test_latency_stops_any_network_and_slow_links_a_large_one():
    latent = MACHINE._replace(latency=1e-3)
    largest = largest_useful(WORKLOAD, latent)
    assert efficiency(WORKLOAD, latent, largest) >= 0.8 > efficiency(WORKLOAD, latent, 2 * largest)
    large = WORKLOAD._replace(gradient_bytes=1e9)
    assert bottleneck(large, MACHINE, 64) == 'sending' and largest_useful(large, MACHINE) == 8


@given(st.integers(1, 10), st.floats(0, 1), st.floats(1e6, 1e10))
def test_more_gpus_are_never_more_efficient_within_a_node_nor_beyond(power, overlap, size):
    machine, workload = MACHINE._replace(overlap=overlap, latency=1e-6), WORKLOAD._replace(gradient_bytes=size)
    assert efficiency(workload, machine, 2**power) <= efficiency(workload, machine, 2 ** (power - 1)) + 1e-12
