"""Data sets inside wrappers are found with the keys that lead to them."""

from mmengine.config import Config

from mmgb.utils.nested_datasets import innermost_datasets, nested_datasets


def test_wrapped_datasets_have_keys_that_cfg_options_accepts():
    tree = dict(type='A', dataset=dict(type='B', datasets=[dict(type='C'), dict(type='D', dataset=dict(type='E'))]))
    keys = {dataset['type']: key for key, dataset in nested_datasets(tree, 'top')}
    assert keys == dict(
        A='top',
        B='top.dataset',
        C='top.dataset.datasets.0',
        D='top.dataset.datasets.1',
        E='top.dataset.datasets.1.dataset',
    )
    assert [dataset['type'] for _, dataset in innermost_datasets(tree, 'top')] == ['C', 'E']
    cfg = Config(dict(top=tree))
    cfg.merge_from_dict({f'{keys["E"]}.data_root': 'x'})
    assert cfg.top.dataset.datasets[1].dataset.data_root == 'x'
