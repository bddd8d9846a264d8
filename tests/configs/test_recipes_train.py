"""One recipe of each family trains 20 steps at its full width: on made images, small where the network takes them.

Places2 trains 10, because a step of its 95 million weights takes two seconds. Without divided images and clipping its
recipes explode within six.
"""

from __future__ import annotations

import pytest
from helpers.shrunk_configs import CONFIGS, LEAVES

from mmgb.apis.config import TRAIN_FIELDS, load_config
from mmgb.recipes.check import CheckOptions, check_recipe

pytestmark = pytest.mark.slow

# family: (config, batch size, image size or None for the config's, overrides)
RECIPES = {
    'lecture': ('mlp_base_1xb100-10e_mnist-28x28.py', 100, None, {}),
    'gradient_boosting/mnist': ('mlp_pow3-gb_1xb100-100e_mnist-28x28.py', 100, None, {}),
    'gradient_boosting/cifar10': ('cifar-convnet5_exp-gb_1xb128-10e_cifar10-32x32.py', 16, None, {}),
    'gradient_boosting/imagenet': ('alexnet-bn_softmax_4xb32-10e_in1k-224x224.py', 4, None, {}),
    'gradient_boosting/imagenette': ('alexnet-bn-slim_exp-gb_1xb64-10e_imagenette-64x64.py', 16, None, {}),
    'gradient_boosting/voc12': ('pixelnet-vgg16-slim_exp-gb_1xb4-40e_voc12-200x200.py', 2, None, {}),
    'gradient_boosting/digits': ('pixelnet-vgg16-slim_pow3-gb_1xb4-4e_digits-200x200.py', 2, None, {}),
    'gradient_boosting/digit_tuples': ('mlp-bn_pow3-gb-zero-beta_1xb100-4e_digit-pairs-14x28.py', 100, None, {}),
    'gradient_boosting/sun8': ('resnet18-w16_pow3-gb_1xb64-30e_sun8-64x64.py', 16, None, {}),
    'class_aware_sampling': ('cifar10-lt/resnet18-w16_class-aware_1xb128-30e_cifar10-lt100-32x32.py', 32, None, {}),
    'relay_bp/imagenet': ('resnet50_relay-bp_8xb32-120e_in1k-224x224.py', 4, 64, {}),
    'relay_bp/imagenette': ('model-a-slim_relay-bp_1xb64-12e_imagenette-64x64.py', 16, None, {}),
    'relay_bp/cifar10': ('plain16-slim_relay-bp_1xb64-3e_cifar10-10k-32x32.py', 64, None, {}),
    # A window of 7 cells on images of 112 pixels leaves the neck's size as it is.
    'relay_bp/places2': ('model-a_relay-bp_8xb32-24e_places2-224x224.py', 2, 112, {'model.model.neck.window': 7}),
    'relay_bp/voc12': ('fcn_r50-d8_relay-bp_4xb4-20k_voc12aug-512x512.py', 2, 32, {}),
}


def family_of(path):
    parts = path.relative_to(CONFIGS).parts
    return parts[0] if parts[0] in ('lecture', 'class_aware_sampling') else '/'.join(parts[:2])


def test_every_family_has_its_recipe():
    assert {family_of(path) for path in LEAVES} == set(RECIPES)


@pytest.mark.parametrize('family', RECIPES)
def test_the_loss_of_the_first_steps_does_not_rise(family, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # without data
    config, batch_size, image_size, overrides = RECIPES[family]
    cfg = load_config(str(CONFIGS / family / config), overrides, TRAIN_FIELDS)
    steps = 10 if 'places2' in family else 20
    found = check_recipe(cfg, CheckOptions(steps, batch_size, image_size=image_size))
    assert found['data'] == 'made' and found['steps'] == steps, found
    assert found['verdict'] in ('falls', 'level'), found
    assert 0 < found['update_ratio']['max'] < 1, 'no layer is replaced by its update'
