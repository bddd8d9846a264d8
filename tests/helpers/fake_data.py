"""Tiny versions of all data sets of the configs, under the paths that the configs use."""

import gzip

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)
TEN = np.arange(10, dtype=np.uint8)  # one image of each class of MNIST and CIFAR-10


def noise(*shape):
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def write_image(path, size=(40, 48)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise(*size, 3)).save(path)


def idx_bytes(array):
    """Return the content of an IDX file of unsigned bytes."""
    header = bytes([0, 0, 8, array.ndim]) + b''.join(length.to_bytes(4, 'big') for length in array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_idx(path, array):
    path.write_bytes(gzip.compress(idx_bytes(array)))


def write_mnist(root):
    root.mkdir(parents=True)
    for part in ('train', 't10k'):
        write_idx(root / f'{part}-images-idx3-ubyte.gz', noise(10, 28, 28))
        write_idx(root / f'{part}-labels-idx1-ubyte.gz', TEN)
    np.savez(root / 'input_statistics.npz', mean=np.full(784, 127.5), covariance=np.diag(np.full(784, 5461.0)))


def write_digit_tuples(root):
    """Write the .npz files of make_digit_tuples.py for pairs and threes, with images of the first ten classes."""
    root.mkdir(parents=True)
    for name, length in (('pairs', 2), ('threes', 3)):
        arrays = {f'x_{part}': noise(10, 14, 14 * length) for part in ('train', 'val', 'test')}
        labels = {f'y_{part}': TEN.astype(int) for part in ('train', 'val', 'test')}
        classes = [f'{label:0{length}}' for label in range(10**length)]
        np.savez(root / f'{name}.npz', classes=classes, **arrays, **labels)


def write_cifar10(root):
    root.mkdir(parents=True)
    for name in ('cifar10.npz', 'cifar10_lt100.npz'):
        np.savez(root / name, x_train=noise(10, 32, 32, 3), y_train=TEN, x_test=noise(10, 32, 32, 3), y_test=TEN)


def write_class_folders(root, classes, size=(40, 48)):
    for part in ('train', 'val'):
        for label in range(classes):
            write_image(root / part / f'class{label}' / '0.jpg', size)


def write_image_list(root, ann_folder=''):
    """Write four images of four classes each into the folders and lists ``train`` and ``val``."""
    (root / ann_folder).mkdir(parents=True, exist_ok=True)
    for part in ('train', 'val'):
        for label in range(4):
            write_image(root / part / f'{label}.jpg')
        (root / ann_folder / f'{part}.txt').write_text(''.join(f'{label}.jpg {label}\n' for label in range(4)))


def write_voc(root, lists, label_folders, classes):
    (root / 'ImageSets/Segmentation').mkdir(parents=True)
    for name in lists:
        write_image(root / f'JPEGImages/{name}.jpg')
        for folder in label_folders:
            (root / folder).mkdir(exist_ok=True)
            Image.fromarray(RNG.integers(0, classes, (40, 48), dtype=np.uint8)).save(root / folder / f'{name}.png')
        (root / f'ImageSets/Segmentation/{name}.txt').write_text(f'{name}\n' * 4)


def write_fake_data(folder):
    """Write all data sets below ``folder``, the working directory of a run, and return ``folder``."""
    write_mnist(folder / 'data/mnist')
    write_digit_tuples(folder / 'data/digit_tuples')
    write_cifar10(folder / 'data/cifar10')
    write_class_folders(folder / 'data/sun8', 8)
    write_class_folders(folder / 'data/imagenette64', 10, (72, 84))
    write_image_list(folder / 'data/imagenet', 'meta')
    write_image_list(folder / 'data/places2')
    for name, side in (('mean_image', 224), ('mean_image_side320', 224), ('mean_image_whole', 256)):
        np.save(folder / f'data/places2/{name}.npy', np.full((side, side, 3), 127.5, np.float32))
    write_voc(
        folder / 'data/VOCdevkit/VOC2012',
        ('train', 'val', 'aug', 'sbd_train', 'sbd_val'),
        ('SegmentationClass', 'SegmentationClassAug'),
        21,
    )
    write_voc(folder / 'data/digits/VOC2012', ('train', 'val'), ('SegmentationClass',), 11)
    return folder
