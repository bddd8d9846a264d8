"""Data sets inside wrappers are found with the keys that lead to them."""

from mmengine.config import Config

from mmgb.utils.nested_datasets import innermost_configs, nested_datasets, set_pipeline


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
    assert [dataset['type'] for dataset in innermost_configs(tree)] == ['C', 'E']
    cfg = Config(dict(top=tree))
    cfg.merge_from_dict({f'{keys["E"]}.data_root': 'x'})
    assert cfg.top.dataset.datasets[1].dataset.data_root == 'x'


def test_a_pipeline_is_copied_to_each_data_set_that_reads_samples():
    pipeline = [dict(type='Load')]
    tree = dict(type='A', datasets=[dict(type='B', pipeline=[]), dict(type='C', dataset=dict(type='D'))])
    set_pipeline(tree, pipeline)
    first, second = tree['datasets'][0], tree['datasets'][1]['dataset']
    assert first['pipeline'] == second['pipeline'] == pipeline
    assert 'pipeline' not in tree and 'pipeline' not in tree['datasets'][1]
    first['pipeline'][0]['type'] = 'Other'
    assert second['pipeline'] == pipeline == [dict(type='Load')]
