import pytest
import torch


@pytest.fixture
def case():
    """Scores of 3 classes and labels of which some are 255, to be ignored."""
    torch.manual_seed(0)
    labels = torch.randint(3, (2, 4, 5))
    labels[0, :2] = 255
    return torch.randn(2, 3, 4, 5), labels
