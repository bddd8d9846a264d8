import pytest
from mmengine.dataset import BaseDataset, ConcatDataset

from mmgb.apis.output_names import check_output_names
from mmgb.functional.errors import ConfigError


class Images(BaseDataset):
    """Images of a list of paths; without a path, of an array."""

    def __init__(self, *paths):
        self.paths = paths
        super().__init__()

    def load_data_list(self):
        return [dict(img_path=path) if path else dict(img=0) for path in self.paths]


def test_names_may_be_equal_in_no_two_folders():
    check_output_names(Images('a/0.jpg', 'a/1.jpg', 'b/2.jpg', 'b/2.jpg'), '--out')
    for dataset in (Images('a/0.jpg', 'b/0.png'), ConcatDataset([Images('a/0.jpg', 'a/1.jpg'), Images('b/0.png')])):
        with pytest.raises(ConfigError, match="^--out: expected images of different names.*'a/0.jpg' and 'b/0.png'"):
            check_output_names(dataset, '--out')


def test_data_sets_without_image_files_are_not_checked():
    check_output_names(Images(None, None), '--out')
    check_output_names([0, 1], '--out')
