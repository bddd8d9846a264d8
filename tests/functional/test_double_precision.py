"""Tensors become float64, on the CPU where their device has no float64."""

import torch
from helpers.pretend_device import PretendDevice

from mmgb.functional.double_precision import to_float64


def test_tensors_stay_on_devices_that_have_float64():
    converted = to_float64(torch.ones(3, dtype=torch.float16, device='meta'))
    assert converted.dtype == torch.float64 and converted.device.type == 'meta'


def test_tensors_of_devices_without_float64_move_to_the_cpu():
    with PretendDevice() as device:
        converted = to_float64(device.tensor(torch.arange(3)))
    assert converted.dtype == torch.float64 and converted.tolist() == [0, 1, 2] and converted.device.type == 'cpu'
