"""The model index lists every config once, with the batch size, FLOPs and parameters of the config."""

from pathlib import Path

import pytest
import torch
from helpers.shrunk_configs import CONFIGS, LEAVES
from mmengine.config import Config
from mmengine.fileio import load
from mmengine.registry import MODELS, DefaultScope

from mmgb.analysis.complexity import complexity, input_shape

ROOT = CONFIGS.parent
METAFILES = [ROOT / name for name in load(ROOT / 'model-index.yml')['Import']]
ROWS = [row for file in METAFILES for row in load(file)['Models']]
COLLECTIONS = {found['Name']: found for file in METAFILES for found in load(file).get('Collections', [])}


def test_every_metafile_is_imported_and_every_config_is_listed_once():
    assert sorted(METAFILES) == sorted((ROOT / 'configs').rglob('metafile.yml'))
    assert sorted(ROOT / row['Config'] for row in ROWS) == LEAVES


def test_every_collection_and_every_folder_of_configs_has_a_readme():
    assert {row['In Collection'] for row in ROWS} <= set(COLLECTIONS)
    assert all((ROOT / collection['README']).is_file() for collection in COLLECTIONS.values())
    for leaf in LEAVES:
        assert any((folder / 'README.md').is_file() for folder in (leaf.parent, leaf.parent.parent))


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row['Name'])
def test_name_and_batch_size_agree_with_the_config(row):
    assert row['Name'] == Path(row['Config']).stem
    gpus, _, batch = next(part for part in row['Name'].split('_') if 'xb' in part).partition('xb')
    size = row['Metadata'].get('Batch Size') or COLLECTIONS[row['In Collection']]['Metadata']['Batch Size']
    loader = Config.fromfile(ROOT / row['Config']).train_dataloader
    assert size == int(gpus) * int(batch.partition('-')[0]) == int(gpus) * loader.batch_size


def networks():
    """Return (config, {(FLOPs, parameters)}) of each distinct network: the numbers that its rows of the index give."""
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
def test_flops_and_parameters_agree_with_the_network(config, numbers):
    cfg = Config.fromfile(ROOT / config)
    model = cfg.model.model if cfg.model.type == 'mmgb.RelayBP' else cfg.model
    model.pop('pretrained', None)
    # The meta device needs neither memory nor time, but mmpretrain's ResNets read a tensor value when they are built.
    device = 'cpu' if model.backbone.type in ('ResNet', 'ResNet_CIFAR') else 'meta'
    with DefaultScope.overwrite_default_scope(cfg.default_scope), torch.device(device):
        found = complexity(MODELS.build(model), input_shape(config, cfg))
    assert numbers <= {tuple(found), (None, found.parameters)}
