import random
import re

import pytest
import torch
from mmengine.model import BaseTTAModel
from torch import nn

from mmgb.apis.checkpoint import check_architecture, compare_shapes, count_fitting_keys, read_checkpoint
from mmgb.functional.errors import ConfigError


def net(width=3):
    return nn.Sequential(nn.Conv2d(3, width, 1), nn.BatchNorm2d(width))


def test_keys_are_missing_unexpected_or_of_another_shape():
    model = {'a': (1,), 'b': (2,), 'c': (), 'bn.num_batches_tracked': ()}
    assert compare_shapes(model, {'a': (1,), 'b': (3,), 'd': ()}) == (['c'], ['d'], ['b'])


def test_a_checkpoint_of_the_same_architecture_passes_with_any_wrapper():
    class Mean(BaseTTAModel):
        def merge_preds(self, data_samples_list):
            pass

    inner = net()
    inner.test_step = None  # BaseTTAModel requires it
    plain = net().state_dict()
    for model in (inner, Mean(inner), nn.DataParallel(inner), nn.DataParallel(Mean(inner))):
        check_architecture(model, {'state_dict': plain}, 'x')
        check_architecture(model, plain, 'x')
        check_architecture(model, {f'module.{key}': value for key, value in plain.items()}, 'x')


def test_unexpected_keys_alone_and_missing_batch_counters_are_accepted():
    weights = net().state_dict()
    del weights['1.num_batches_tracked']
    check_architecture(net(), dict(weights, **{'auxiliaries.0.weight': torch.zeros(1)}), 'x')


def test_another_architecture_is_described_by_counts_and_first_keys():
    weights = net(width=4).state_dict()
    weights['other'] = weights.pop('1.bias')
    with pytest.raises(ConfigError) as refusal:
        check_architecture(net(), weights, 'some.pth')
    assert str(refusal.value).endswith(
        "'some.pth' does not fit the config's model: 1 of the 7 keys are missing (first 1.bias), "
        '1 unexpected (first other), 5 of another shape (first 0.weight: expected (3, 3, 1, 1), got (4, 3, 1, 1))'
    )


def test_a_model_may_convert_old_checkpoints_while_loading_them():
    class Renaming(nn.Linear):
        def _load_from_state_dict(self, state, prefix, *rest):
            for name in ('weight', 'bias'):
                if f'{prefix}old_{name}' in state:
                    state[prefix + name] = state.pop(f'{prefix}old_{name}')
            super()._load_from_state_dict(state, prefix, *rest)

    model = nn.Sequential(Renaming(2, 2))
    old = {f'0.old_{name}': value for name, value in nn.Linear(2, 2).state_dict().items()}
    check_architecture(model, old, 'x')
    with pytest.raises(ConfigError):
        check_architecture(model, {'0.old_weight': torch.zeros(2, 2)}, 'x')


def save(path, content, **options):
    torch.save(content, path, **options)
    return str(path)


def test_a_file_is_read_as_plain_data_or_refused_with_its_field_and_name(tmp_path):
    class Payload:
        def __reduce__(self):
            return print, ('full unpickling',)

    good = save(tmp_path / 'good.pth', {'state_dict': net().state_dict()})
    assert list(read_checkpoint(good, '--resume')['state_dict']) == list(net().state_dict())
    for path, said in (
        (save(tmp_path / 'bad.pth', {'state_dict': Payload()}), 'is refused: reading it could run code.*print'),
        (save(tmp_path / 'list.pth', [1]), ': expected a checkpoint with a dict, got a list'),
        (save(tmp_path / 'weights.pth', {'state_dict': 'x'}), ": expected a dict as the checkpoint's state_dict"),
        (save(tmp_path / 'keys.pth', {'state_dict': {1: torch.ones(1)}}), ': expected names as keys .*, got 1'),
        (str(tmp_path), 'is not a file'),
        (7, '=7: expected the path of a checkpoint'),
    ):
        with pytest.raises(ConfigError, match=f"^--resume='?{path}'?.*{said}|{said}"):
            read_checkpoint(path, '--resume')


@pytest.mark.parametrize('legacy', [False, True])
def test_the_formats_of_every_torch_are_read(legacy, tmp_path):
    path = save(tmp_path / 'x.pth', {'a': torch.ones(2)}, _use_new_zipfile_serialization=not legacy)
    assert read_checkpoint(path, 'x')['a'].tolist() == [1, 1]


FOREIGN = [
    b'',
    b'x',
    b'no checkpoint',
    b'config = 1\nrest\n',
    b'cposix\nsystem\n',
    b'{"a": 1}',
    b'PK\x03\x04',
    b'\x80\x02}.',
]


@pytest.mark.parametrize('content', [*FOREIGN, b'\xff' * 1000, b'<html>' * 10**5, b'\0' * 10**6], ids=lambda x: x[:9])
def test_a_file_of_another_kind_is_no_checkpoint_and_could_not_run_code(content, tmp_path):
    path = tmp_path / 'x.pth'
    path.write_bytes(content)
    with pytest.raises(ConfigError) as refusal:
        read_checkpoint(str(path), 'load_from')
    said = str(refusal.value)
    assert said.startswith(f"load_from='{path}'") and 'run code' not in said and '\n' not in said and len(said) <= 500


def mutated(content, rng):
    """Return ``content`` with bits flipped, a part cut off, overwritten, moved, doubled or removed, or a new start."""
    content, kind = bytearray(content), rng.randrange(8)
    start, other, size = rng.randrange(len(content)), rng.randrange(len(content)), rng.randrange(1, 64)
    if kind < 3:
        for _ in range(rng.choice([1, 1, 2, 8])):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    elif kind == 3:
        del content[start:]
    elif kind == 4:
        content[start : start + size] = rng.randbytes(rng.randrange(64))
    elif kind == 5:
        content[start : start + size] = content[other : other + size]
    elif kind == 6:
        content[start:start] = content[start : start + size]
    else:
        content[:0] = rng.randbytes(size)
    return bytes(content)


def plain(value):
    """Return nested data with tensors as their bytes, for an exact comparison."""
    if isinstance(value, torch.Tensor):
        return value.dtype, value.shape, value.numpy().tobytes()
    return {key: plain(part) for key, part in value.items()} if isinstance(value, dict) else value


def test_a_mutated_archive_gives_the_original_tensors_or_one_sentence(tmp_path):
    whole = {'meta': {'epoch': 1, 'iter': 2}, 'state_dict': dict(net().state_dict())}
    path = save(tmp_path / 'x.pth', whole)
    content, rng, refused = (tmp_path / 'x.pth').read_bytes(), random.Random(0), 0
    for _ in range(400):
        (tmp_path / 'x.pth').write_bytes(mutated(content, rng))
        try:
            found = read_checkpoint(path, '--resume')
        except ConfigError as error:
            refused += 1
            assert str(error).startswith('--resume=') and 'run code' not in str(error) and '\n' not in str(error)
        else:
            assert plain(found) == plain(whole)
    assert refused > 200


def test_a_mutated_legacy_file_raises_nothing_but_one_sentence(tmp_path):
    path = save(tmp_path / 'x.pth', {'state_dict': dict(net().state_dict())}, _use_new_zipfile_serialization=False)
    content, rng = (tmp_path / 'x.pth').read_bytes(), random.Random(0)
    for _ in range(200):
        (tmp_path / 'x.pth').write_bytes(mutated(content, rng))
        try:  # the format has no checksums
            read_checkpoint(path, '--resume')
        except ConfigError as error:
            assert str(error).startswith('--resume=') and '\n' not in str(error)


def test_every_flipped_bit_of_the_weights_is_found(tmp_path):
    weights = torch.arange(64.0)
    path = save(tmp_path / 'x.pth', {'w': weights})
    content = (tmp_path / 'x.pth').read_bytes()
    start = content.index(weights.numpy().tobytes())
    for bit in range(0, 64 * 32, 7):
        damaged = bytearray(content)
        damaged[start + bit // 8] ^= 1 << bit % 8
        (tmp_path / 'x.pth').write_bytes(damaged)
        with pytest.raises(ConfigError, match='a wrong checksum'):
            read_checkpoint(path, 'x')


def test_a_record_marked_as_a_folder_is_refused(tmp_path):
    path = save(tmp_path / 'x.pth', {'w': torch.arange(64.0)})
    content = bytearray((tmp_path / 'x.pth').read_bytes())
    for entry in re.finditer(rb'PK\x01\x02', bytes(content)):
        content[entry.start() + 38] |= 0x10  # torch.load would return uninitialized memory
    (tmp_path / 'x.pth').write_bytes(content)
    with pytest.raises(ConfigError, match='a wrong checksum or kind of'):
        read_checkpoint(path, 'x')


def test_the_keys_that_a_model_takes_from_a_checkpoint_are_counted():
    weights = net().state_dict()
    wrapped = {f'module.{key}': value for key, value in weights.items()}
    for given in (weights, dict(state_dict=weights), wrapped):
        assert count_fitting_keys(nn.DataParallel(net()), given) == (7, 7)
    partly = dict(weights, **{'0.weight': torch.zeros(1), '0.bias': 'text', 'other': torch.zeros(1)})
    assert count_fitting_keys(net(), partly) == (5, 7)
    for foreign in ({}, {'model': weights}, {f'net.{key}': value for key, value in weights.items()}):
        assert count_fitting_keys(net(), foreign) == (0, 7)


def test_a_test_needs_no_auxiliary_heads_and_a_training_does():
    model = nn.ModuleDict(dict(backbone=net(), auxiliary_head=net(), auxiliaries=nn.ModuleList([net()])))
    weights = {key: value for key, value in model.state_dict().items() if key.startswith('backbone')}
    check_architecture(model, weights, 'x', training=False)
    with pytest.raises(ConfigError, match='12 of the 21 keys are missing .first auxiliary_head.0.weight'):
        check_architecture(model, weights, 'x')
    del weights['backbone.0.weight']
    with pytest.raises(ConfigError, match='1 of the 21 keys are missing .first backbone.0.weight'):
        check_architecture(model, weights, 'x', training=False)
