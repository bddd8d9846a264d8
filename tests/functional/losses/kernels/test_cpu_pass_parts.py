"""Parts of the compiled loops."""

import torch

from mmgb.functional.losses.kernels.cpu_pass_parts import scores_of_target, target_mask, total, weighted

SCORES = torch.arange(12.0).view(2, 3, 2)
LABELS = torch.tensor([[0, 2], [255, 1]])  # 255 is ignored, so any class serves


def test_the_mask_and_the_scores_are_those_of_the_labels():
    assert target_mask(SCORES, LABELS).nonzero().tolist() == [[0, 0, 0], [0, 2, 1], [1, 1, 1]]
    assert scores_of_target(SCORES, LABELS).tolist() == [[0, 5], [10, 9]]


def test_a_factor_of_zero_hides_what_is_not_finite():
    values = torch.tensor([torch.inf, torch.nan, 2.0])
    assert weighted(values, torch.tensor([0.0, 0.0, 3.0])).tolist() == [0, 0, 6]


def test_sums_of_many_classes_and_images_are_in_float64():
    assert total(SCORES) == 66 and total(SCORES).dtype == torch.float64
    assert total(torch.tensor([[[2.0**24]], [[1.0]]])) == 2**24 + 1
