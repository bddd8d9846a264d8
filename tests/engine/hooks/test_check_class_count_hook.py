"""CheckClassCountHook with models and data sets of both hosts."""

from types import SimpleNamespace

import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.registry import DATASETS, MODELS, DefaultScope
from torch import nn

from mmgb.engine.hooks import CheckClassCountHook
from mmgb.functional.errors import ConfigError

NAMES = ('a', 'b', 'c')
LINEAR = dict(type='LinearClsHead', in_channels=4, loss=dict(type='CrossEntropyLoss'))
BACKBONE = dict(type='LeNet5')


def classifier(**parts):
    parts = dict(backbone=BACKBONE, head=dict(LINEAR, num_classes=3), **parts)
    return build('mmpretrain', dict(type='ImageClassifier') | parts)


def build(scope, config, registry=MODELS):
    with DefaultScope.overwrite_default_scope(scope):
        return registry.build(config)


def images(names=NAMES, kind='CustomDataset'):
    return build('mmpretrain', dict(type=kind, ann_file='x', classes=names, lazy_init=True), DATASETS)


def check(model, *datasets, loop='train'):
    """Run the hook for each data set, as that of training, validation or a test."""
    for dataset in datasets:
        loops = dict(train_loop=SimpleNamespace(dataloader=SimpleNamespace(dataset=images())), val_loop=None)
        loops[f'{loop}_loop'] = SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))
        hook = CheckClassCountHook()
        (hook.before_test if loop == 'test' else hook.before_train)(SimpleNamespace(model=model, **loops))


@pytest.mark.parametrize('count', [2, 4])
def test_too_few_and_too_many_outputs_are_refused_with_both_numbers(count):
    model = build('mmpretrain', dict(type='ImageClassifier', backbone=BACKBONE, head=dict(LINEAR, num_classes=count)))
    with pytest.raises(
        ValueError,
        match=(
            rf'^head.num_classes={count}: expected 3, the number of classes of the CustomDataset in train_dataloader '
            r'\(head is LinearClsHead\)$'
        ),
    ):
        check(model, images())


@pytest.mark.parametrize('loop', ['val', 'test'])
def test_the_data_of_validation_and_test_are_compared(loop):
    check(classifier(), images(), loop=loop)
    fault = {
        'val': '^val_dataloader: expected the 3 classes of train_dataloader, got 2; ',
        'test': 'expected 2, .* of the CustomDataset in test_dataloader ',
    }
    with pytest.raises(ValueError, match=fault[loop]):
        check(classifier(), images(NAMES[:2]), loop=loop)


def folders(root, *names):
    """Return mmpretrain's data set of a folder with one image in each subfolder."""
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / 'image.png').touch()
    return build('mmpretrain', dict(type='CustomDataset', data_prefix=str(root)), DATASETS)


def check_validation(training, validation, model=None):
    """Run the hook before a training on ``training`` that validates on ``validation``."""
    loops = (SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset)) for dataset in (training, validation))
    model = classifier() if model is None else model
    CheckClassCountHook().before_train(SimpleNamespace(model=model, **dict(zip(('train_loop', 'val_loop'), loops))))


def test_a_validation_split_of_as_many_other_folders_is_refused(tmp_path):
    training = folders(tmp_path / 'train', 'a', 'b', 'c')
    check_validation(training, folders(tmp_path / 'same', 'c', 'b', 'a'))
    with pytest.raises(
        ConfigError, match="^val_dataloader: expected class 1 to be 'b' as in train_dataloader, got 'c'; "
    ):
        check_validation(training, RepeatDataset(folders(tmp_path / 'other', 'a', 'c', 'd'), 2))


def test_names_in_another_order_are_refused_for_both_hosts():
    with pytest.raises(
        ConfigError, match="^val_dataloader: expected class 0 to be 'a' as in train_dataloader, got 'c'"
    ):
        check_validation(images(), images(NAMES[::-1]))

    def maps(names):
        config = dict(type='BaseSegDataset', metainfo=dict(classes=names), lazy_init=True, reduce_zero_label=True)
        return build('mmseg', dict(config, data_prefix=dict(img_path='x')), DATASETS)

    check_validation(maps(NAMES), maps(list(NAMES)), nn.Module())
    with pytest.raises(ConfigError, match='^val_dataloader: expected class 1 '):
        check_validation(maps(NAMES), maps(('a', 'c', 'b')), nn.Module())


def test_names_are_not_compared_where_one_data_set_has_none():
    tasks = SimpleNamespace(metainfo=dict(tasks=['x', 'y']))
    for other in images(None), tasks, [1, 2, 3]:
        check_validation(images(), other)
        check_validation(other, images())


def test_a_list_of_names_equals_a_tuple_of_them():
    check_validation(images(), SimpleNamespace(metainfo=dict(classes=list(NAMES))))


def test_as_many_names_without_one_in_common_are_other_spellings():
    check_validation(images(), images(('n01', 'n02', 'n03')))


def test_validation_may_have_the_names_of_any_of_the_training_data_sets():
    spelt = ('A', 'B', 'C')
    training = ConcatDataset([images(), images(spelt)], lazy_init=True, ignore_keys=['classes'])
    check_validation(training, images(spelt))
    check_validation(training, images())
    with pytest.raises(ConfigError, match="^val_dataloader: expected class 2 to be 'c' .*, got 'd'"):
        check_validation(training, images(('a', 'b', 'd')))


def test_a_number_without_names_blames_the_head_only_if_it_does_not_fit_the_training_data():
    validation = SimpleNamespace(num_classes=2)
    with pytest.raises(ConfigError, match='^val_dataloader: expected the 3 classes of train_dataloader, got 2; '):
        check_validation(images(), validation)
    with pytest.raises(ConfigError, match=r'^head\.num_classes=3: expected 2, .* in val_dataloader '):
        check_validation(images(None), validation)


def test_wrapped_data_sets_and_models_are_compared():
    def concatenated(names):
        return ConcatDataset([images(), images(names)], lazy_init=True, ignore_keys=['classes'])

    def repeated(names):
        return RepeatDataset(images(names), 2, lazy_init=True)

    for wrap in concatenated, repeated:
        check(classifier(), wrap(NAMES))
        with pytest.raises(ValueError, match='expected 2, the number'):
            check(classifier(), wrap(NAMES[:2]))
    wrapper = nn.Module()
    wrapper.module = classifier()
    with pytest.raises(ValueError, match=r'^head\.num_classes=3'):
        check(wrapper, images(NAMES[:2]))


def test_data_without_class_names_and_number_are_skipped():
    check(classifier(), images(None), [1, 2, 3])


def test_the_number_of_classes_of_places2_is_found_without_names(tmp_path):
    (tmp_path / 'list.txt').write_text('a.jpg 0\n')
    places = build('mmpretrain', dict(type='mmgb.Places2', ann_file=str(tmp_path / 'list.txt')), DATASETS)
    with pytest.raises(ValueError, match='expected 401, the number of classes of the Places2 in train_dataloader'):
        check(classifier(), places)


def test_every_auxiliary_head_is_compared():
    def relay(count):
        head = dict(
            type='mmgb.AuxiliaryClsHead',
            num_classes=count,
            in_channels=16,
            pooled_size=1,
            conv_channels=2,
            fc_channels=2,
        )
        return build(
            'mmpretrain',
            dict(
                type='mmgb.RelayBP',
                model=dict(
                    type='ImageClassifier',
                    backbone=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8),
                    neck=dict(type='GlobalAveragePooling'),
                    head=dict(LINEAR, in_channels=64, num_classes=3),
                ),
                auxiliaries=[dict(source='backbone.layer2.1', head=head)],
            ),
        )

    check(relay(3), images())
    with pytest.raises(ValueError, match=r'^auxiliaries\.0\.num_classes=5: .* \(auxiliaries\.0 is AuxiliaryClsHead\)$'):
        check(relay(5), images())


def test_a_classifier_inside_the_backbone_is_compared():
    def lenet(count, **head):
        return build(
            'mmpretrain',
            dict(
                type='ImageClassifier',
                backbone=dict(type='LeNet5', num_classes=count),
                head=dict(LINEAR, **head) if head else dict(type='ClsHead'),
            ),
        )

    check(lenet(3), images())
    check(lenet(-1, num_classes=3), images())
    with pytest.raises(ValueError, match=r'^backbone\.num_classes=10: .* \(backbone is LeNet5\)$'):
        check(lenet(10), images())


def test_a_preprocessor_is_compared_if_it_converts_labels_to_class_scores():
    mixup = dict(augments=dict(type='Mixup', alpha=0.2))
    check(classifier(data_preprocessor=dict(type='ClsDataPreprocessor', num_classes=1000)), images())
    with pytest.raises(ValueError, match=r'^data_preprocessor\.num_classes=1000: .* is ClsDataPreprocessor\)$'):
        check(
            classifier(data_preprocessor=dict(type='ClsDataPreprocessor', num_classes=1000, batch_augments=mixup)),
            images(),
        )


def test_a_multi_label_head_is_compared():
    model = build(
        'mmpretrain',
        dict(
            type='ImageClassifier',
            backbone=BACKBONE,
            head=dict(type='MultiLabelLinearClsHead', in_channels=4, num_classes=3),
        ),
    )
    check(model, images(kind='MultiLabelDataset'))
    with pytest.raises(ValueError, match=r'^head\.num_classes=3: .* \(head is MultiLabelLinearClsHead\)$'):
        check(model, images(NAMES[:2], kind='MultiLabelDataset'))


def test_heads_of_mmseg_are_compared_unless_they_separate_two_classes_of_their_own():
    def segmentor(auxiliary):
        head = dict(type='FCNHead', in_channels=2, channels=2, in_index=0, num_convs=1, norm_cfg=dict(type='BN'))
        return build(
            'mmseg',
            dict(
                type='EncoderDecoder',
                backbone=dict(type='mmgb.Places2VGG', width=1 / 32, out_indices=(0,)),
                decode_head=dict(head, num_classes=3),
                auxiliary_head=[dict(head, **auxiliary)],
            ),
        )

    maps = build(
        'mmseg',
        dict(type='BaseSegDataset', metainfo=dict(classes=NAMES), lazy_init=True, data_prefix=dict(img_path='x')),
        DATASETS,
    )
    check(segmentor(dict(num_classes=3)), maps)
    check(segmentor(dict(num_classes=2, out_channels=1)), maps)
    check(segmentor(dict(type='STDCHead', num_classes=2, boundary_threshold=0.1)), maps)
    with pytest.raises(ValueError, match=r'^auxiliary_head\.0\.num_classes=4: expected 3, .* of the BaseSegDataset '):
        check(segmentor(dict(num_classes=4)), maps)
