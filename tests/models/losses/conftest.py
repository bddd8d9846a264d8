import pytest
import torch


@pytest.fixture
def case():
    """Return scores of 3 classes, and labels of which some are 255, the ignored label."""
    torch.manual_seed(0)
    labels = torch.randint(3, (2, 4, 5))
    labels[0, :2] = 255
    return torch.randn(2, 3, 4, 5), labels
