import pytest
import torch
from mmengine.model import BaseTTAModel
from torch import nn

from mmgb import compat
from mmgb.apis.checkpoint import check_architecture, check_resumable, compare_shapes, read_checkpoint
from mmgb.functional.errors import ConfigError


@pytest.fixture(autouse=True)
def safe_globals():
    compat.allow_checkpoint_globals()


def net(width=3):
    return nn.Sequential(nn.Conv2d(3, width, 1), nn.BatchNorm2d(width))


def test_keys_are_missing_unexpected_or_of_another_shape():
    model = {'a': (1,), 'b': (2,), 'c': (), 'bn.num_batches_tracked': ()}
    assert compare_shapes(model, {'a': (1,), 'b': (3,), 'd': ()}) == (['c'], ['d'], ['b'])


def test_a_checkpoint_of_the_same_architecture_passes_however_either_is_wrapped():
    class Mean(BaseTTAModel):
        def merge_preds(self, data_samples_list):
            pass

    inner = net()
    inner.test_step = None  # BaseTTAModel asks for it
    plain = net().state_dict()
    for model in (inner, Mean(inner), nn.DataParallel(inner), nn.DataParallel(Mean(inner))):
        check_architecture(model, {'state_dict': plain}, 'x')
        check_architecture(model, plain, 'x')
        check_architecture(model, {f'module.{key}': value for key, value in plain.items()}, 'x')


def test_keys_that_are_merely_unexpected_and_absent_counters_are_no_fault():
    weights = net().state_dict()
    del weights['1.num_batches_tracked']
    check_architecture(net(), dict(weights, **{'auxiliaries.0.weight': torch.zeros(1)}), 'x')


def test_another_architecture_is_told_by_counts_and_first_keys():
    weights = net(width=4).state_dict()
    weights['other'] = weights.pop('1.bias')
    with pytest.raises(ConfigError) as refusal:
        check_architecture(net(), weights, 'some.pth')
    assert str(refusal.value).endswith(
        "'some.pth' is of another architecture than the config's model: 1 of the 7 keys are missing (first 1.bias), "
        '1 unexpected (first other), 5 of another shape (first 0.weight: (4, 3, 1, 1), not (3, 3, 1, 1))'
    )


def test_a_model_that_converts_old_checkpoints_by_itself_may_do_so():
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


def test_weights_alone_cannot_be_resumed():
    check_resumable(dict(state_dict={}, meta=dict(epoch=0, iter=1), message_hub={}), 'x')
    for lacking, named in (
        (dict(state_dict={}), 'message_hub, meta'),
        (dict(state_dict={}, meta=dict(seed=0), message_hub={}), 'epoch and iter'),
    ):
        with pytest.raises(ConfigError, match=f'lacks {named}, so there is no training to resume'):
            check_resumable(lacking, 'x')


def test_a_file_is_read_as_data_or_refused_by_field_and_name(tmp_path):
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
