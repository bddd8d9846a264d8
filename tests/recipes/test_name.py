"""Names of configs: processes, side of the images, number of training images."""

from helpers.shrunk_configs import LEAVES

from mmgb.recipes.name import DEFAULT_LENGTH, parse_name


def test_parts_of_names():
    assert parse_name('configs/x/resnet50_relay-bp_8xb32-120e_in1k-224x224.py')[:3] == (8, 224, 1_281_167)
    assert parse_name('vgg_exp-gb_1xb5-40e_voc12sbd-224x224_test-server.py')[:3] == (1, 224, 8_398)
    assert parse_name('mlp_base_1xb100-10e_mnist-28x28.py')[:3] == (1, 28, 60_000)
    assert parse_name('net_4xb2-20k_mydata-65x65.py')[:3] == (4, 65, DEFAULT_LENGTH)
    assert parse_name('a_bp_8xb32-24e_places2-own-place-mean-224x224.py')[:3] == (8, 224, 8_100_000)
    assert parse_name('mlp_bp_1xb100-4e_digit-pairs-14x28.py')[1::2] == (14, 28)
    assert parse_name('convnext-tiny_32xb128_in1k.py')[:3] == (32, None, 1_281_167)
    assert parse_name('resnet18_8xb16_cifar10.py')[:3] == (8, None, 50_000)
    assert parse_name('resnet50_8xb16_cifar100-mixup.py')[:3] == (8, None, 50_000)
    assert parse_name('pidnet-s_2xb6-120k_512x1024-cityscapes.py')[1::2] == (512, 1024)
    assert parse_name('resnext50-32x4d_8xb32_in1k.py')[1::2] == (None, None)
    assert parse_name('my_config.py')[:3] == (1, None, DEFAULT_LENGTH)


def test_every_config_of_the_repository_names_processes_and_size():
    for path in LEAVES:
        name = parse_name(path)
        assert f'_{name.processes}xb' in path.stem and f'-{name.side}x{name.width}' in path.stem
