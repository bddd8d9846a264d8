"""The MNIST configs of other hidden units and initialisations: fifteen files, one for each pair of choices."""

import pytest
from helpers.shrunk_configs import CONFIGS
from mmengine.config import Config

MNIST = CONFIGS / 'gradient_boosting' / 'mnist'
HIDDEN = {
    'elu': dict(act_cfg=dict(type='ELU')),
    'tanh': dict(act_cfg=dict(type='Tanh')),
    'logistic': dict(act_cfg=dict(type='Sigmoid')),
    'glorot': dict(init_cfg=dict(type='Xavier', layer='Linear')),
    'lecun': dict(init_cfg=dict(type='Kaiming', layer='Linear', mode='fan_in', nonlinearity='linear')),
}
OUTPUTS = 'linear', 'sigmoid', 'tanh'
DIVERGING = {(hidden, 'linear') for hidden in ('elu', 'logistic', 'tanh')}  # at the learning rate of Table 1


def read(name):
    return Config.fromfile(MNIST / f'{name}_1xb100-100e_mnist-28x28.py')


def test_no_file_of_a_pair_is_missing_or_unknown():
    found = {path.name.split('_1xb')[0] for path in MNIST.glob('mlp-*.py') if 'norm-outputs' not in path.name}
    assert found == {f'mlp-{hidden}_{outputs}' for hidden in HIDDEN for outputs in OUTPUTS}


@pytest.mark.parametrize('hidden', HIDDEN)
@pytest.mark.parametrize('outputs', OUTPUTS)
def test_only_the_hidden_layers_differ_from_the_config_of_table_1(hidden, outputs):
    expected = read(f'mlp_{outputs}')
    expected.model.backbone.update(HIDDEN[hidden])
    if (hidden, outputs) in DIVERGING:
        expected.optim_wrapper.optimizer.lr /= 2
    assert read(f'mlp-{hidden}_{outputs}').to_dict() == expected.to_dict()


@pytest.mark.parametrize('outputs', ['sigmoid', 'tanh'])
def test_only_the_targets_differ_under_maximum_curvature(outputs):
    expected = read(f'mlp_{outputs}')
    expected.model.head.loss.targets = 'max_curvature'
    assert read(f'mlp_{outputs}-max-curvature').to_dict() == expected.to_dict()
