"""Outputs and labels of networks on their test data."""

import pytest
import torch
from mmengine.structures import PixelData
from mmpretrain.structures import DataSample
from torch import nn

from mmgb.analysis.curvature.network_outputs import head_loss, image_labels, network_outputs, sampled_pixels


class Classifier(nn.Module):
    """Gives each image its own values as scores."""

    def data_preprocessor(self, batch, training):
        return batch

    def forward(self, inputs, data_samples, mode):
        return inputs


def batches(*labels, size=2):
    scores = torch.arange(3.0 * len(labels)).view(-1, 3)
    samples = [DataSample().set_gt_label(label) for label in labels]
    return [
        dict(inputs=scores[start : start + size], data_samples=samples[start : start + size])
        for start in range(0, len(labels), size)
    ]


def test_only_the_first_images_are_taken_also_from_inside_a_batch():
    scores, labels = network_outputs(Classifier(), batches(0, 2, 1, 0), 3)
    assert labels.tolist() == [0, 2, 1] and scores.dtype == torch.float64
    assert scores.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.parametrize(
    'found, message',
    [
        (dict(inputs=torch.zeros(1, 3, 1, 1)), r'gives \(1, 3, 1, 1\); expected scores \(N, C\)'),
        (dict(inputs=[1]), r'gives a list; expected scores \(N, C\)'),
        (dict(inputs=torch.tensor([[0, torch.nan, 0]])), 'non-finite scores: its training has diverged'),
        (dict(inputs=torch.zeros(1, 2)), 'labels from 2 to 2: expected 0 to 1, because the model gives 2 scores'),
        (dict(data_samples=[DataSample()]), r'expected one label for each image \(gt_label\)'),
    ],
)
def test_unusable_outputs_are_refused(found, message):
    (batch,) = batches(2)
    with pytest.raises(ValueError, match=message):
        network_outputs(Classifier(), [batch | found], 1)


def test_several_labels_of_an_image_are_refused():
    with pytest.raises(ValueError, match='expected one label'):
        image_labels([DataSample().set_gt_label([0, 1])])


def test_pixels_are_spread_evenly_over_the_labelled_ones():
    head = nn.Module()
    head.ignore_index, head.align_corners = 255, False
    labels = torch.arange(1000).view(20, 50) % 7
    labels[:10] = 255
    sample = DataSample()
    sample.gt_sem_seg = PixelData(data=labels[None])
    maps = torch.rand(1, 4, 20, 50)
    scores, found = sampled_pixels(maps, [sample], head)
    chosen = torch.linspace(500, 999, 256, dtype=torch.float64).round().long()
    assert torch.equal(found, labels.flatten()[chosen])
    torch.testing.assert_close(scores, maps[0].flatten(1).T[chosen].double())


def test_score_maps_are_enlarged_to_the_label_maps():
    head = nn.Module()
    head.ignore_index, head.align_corners = 255, True
    sample = DataSample()
    sample.gt_sem_seg = PixelData(data=torch.zeros(1, 1, 5, dtype=torch.long))
    scores, _ = sampled_pixels(torch.tensor([[[[0.0, 4.0]]]]), [sample], head)
    torch.testing.assert_close(scores[:, 0], torch.arange(5.0, dtype=torch.float64))


def test_loss_of_either_hosts_head_is_found_and_several_losses_are_refused():
    model, loss = nn.Module(), nn.MSELoss()
    model.decode_head = nn.Module()
    model.decode_head.loss_decode = loss
    assert head_loss(model) is loss
    model.decode_head.loss_decode = nn.ModuleList([loss, loss])
    with pytest.raises(ValueError, match='expected a model with one loss, .* got ModuleList'):
        head_loss(model)
    del model.decode_head
    model.head = nn.Module()
    model.head.loss_module = loss
    assert head_loss(model) is loss
