import pytest
import torch
from mmengine.model import BaseTTAModel
from torch import nn

from mmgb import compat
from mmgb.apis.checkpoint import check_architecture, compare_shapes, read_checkpoint
from mmgb.functional.errors import ConfigError


@pytest.fixture(autouse=True)
def safe_globals():
    compat.allow_checkpoint_globals()


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


def test_a_file_is_read_as_plain_data_or_refused_with_its_field_and_name(tmp_path):
    class Payload:
        def __reduce__(self):
            return print, ('full unpickling',)

    good, bad, cut, text = (str(tmp_path / f'{name}.pth') for name in ('good', 'bad', 'cut', 'text'))
    torch.save({'state_dict': net().state_dict()}, good)
    torch.save({'state_dict': Payload()}, bad)
    with open(good, 'rb') as whole, open(cut, 'wb') as part:
        part.write(whole.read()[:500])
    with open(text, 'w') as file:
        file.write('no checkpoint')
    assert list(read_checkpoint(good, '--resume')['state_dict']) == list(net().state_dict())
    for path, said in (
        (bad, 'is refused: reading it could run code.*print'),
        (cut, 'may be damaged'),
        (text, 'is refused|may be damaged'),
        (str(tmp_path), 'is not a file'),
    ):
        with pytest.raises(ConfigError, match=f"^--resume='{path}'.*{said}"):
            read_checkpoint(path, '--resume')
