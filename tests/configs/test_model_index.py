"""The model index lists every config once, and what it says of their networks is true."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.registry import MODELS, DefaultScope

from mmgb.analysis.complexity import complexity, input_shape

ROOT = Path(__file__).parents[2]
LEAVES = sorted(path for path in (ROOT / 'configs').rglob('*.py') if '_base_' not in path.parts)
METAFILES = [ROOT / name for name in load(ROOT / 'model-index.yml')['Import']]
ROWS = [row for file in METAFILES for row in load(file)['Models']]
COLLECTIONS = {found['Name']: found for file in METAFILES for found in load(file).get('Collections', [])}


def test_every_metafile_is_imported_and_every_leaf_config_is_listed_once():
    assert sorted(METAFILES) == sorted((ROOT / 'configs').rglob('metafile.yml'))
    assert sorted(ROOT / row['Config'] for row in ROWS) == LEAVES


def test_every_collection_is_there_and_has_its_readme_and_every_folder_with_configs_has_one():
    assert {row['In Collection'] for row in ROWS} <= set(COLLECTIONS)
    assert all((ROOT / collection['README']).is_file() for collection in COLLECTIONS.values())
    for leaf in LEAVES:
        assert any((folder / 'README.md').is_file() for folder in (leaf.parent, leaf.parent.parent))


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row['Name'])
def test_names_and_batch_sizes_are_the_configs(row):
    assert row['Name'] == Path(row['Config']).stem
    gpus, _, batch = next(part for part in row['Name'].split('_') if 'xb' in part).partition('xb')
    size = row['Metadata'].get('Batch Size') or COLLECTIONS[row['In Collection']]['Metadata']['Batch Size']
    loader = Config.fromfile(ROOT / row['Config']).train_dataloader
    assert size == int(gpus) * int(batch.partition('-')[0]) == int(gpus) * loader.batch_size


def networks():
    """One row for each network, and the numbers that all its rows give."""
    found = {}
    for row in ROWS:
        cfg = Config.fromfile(ROOT / row['Config'])
        model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
        head = model.get('head') or model.decode_head
        layers = {key: value for key, value in head.items() if 'loss' not in key and key not in ('type', 'init_cfg')}
        key = str((row['Name'].rpartition('-')[2], model.backbone, model.get('neck'), layers))
        found.setdefault(key, (row['Config'], set()))[1].add(
            (row['Metadata'].get('FLOPs'), row['Metadata']['Parameters'])
        )
    return list(found.values())


@pytest.mark.parametrize('config, numbers', networks(), ids=lambda value: Path(value).stem if '/' in value else '')
def test_flops_and_parameters_are_those_of_the_network(config, numbers):
    cfg = Config.fromfile(ROOT / config)
    model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
    model.pop('pretrained', None)
    # Without memory, and in no time; but mmpretrain's ResNets read a number from a tensor when they are built.
    device = 'cpu' if model.backbone.type in ('ResNet', 'ResNet_CIFAR') else 'meta'
    with DefaultScope.overwrite_default_scope(cfg.default_scope), torch.device(device):
        found = complexity(MODELS.build(model), input_shape(config, cfg))
    assert numbers <= {tuple(found), (None, found.parameters)}
