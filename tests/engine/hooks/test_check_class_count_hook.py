"""Which numbers of classes the hook compares, with models and data sets of both hosts."""

from types import SimpleNamespace

import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.registry import DATASETS, MODELS, DefaultScope
from torch import nn

from mmgb.engine.hooks import CheckClassCountHook

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
    """Lets the hook look at a run whose training, validation or test has these data sets, one after the other."""
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
            rf'^head.num_classes={count} \(LinearClsHead\) does not fit the CustomDataset of train_dataloader, which '
            r'has 3 classes: expected num_classes=3$'
        ),
    ):
        check(model, images())


@pytest.mark.parametrize('loop', ['val', 'test'])
def test_the_data_of_validation_and_test_are_compared_too(loop):
    check(classifier(), images(), loop=loop)
    with pytest.raises(ValueError, match=f'of {loop}_dataloader, which has 2 classes: expected num_classes=2$'):
        check(classifier(), images(NAMES[:2]), loop=loop)


def test_data_are_found_inside_their_wrappers_and_a_model_inside_its_own():
    def concatenated(names):
        return ConcatDataset([images(), images(names)], lazy_init=True, ignore_keys=['classes'])

    def repeated(names):
        return RepeatDataset(images(names), 2, lazy_init=True)

    for wrap in concatenated, repeated:
        check(classifier(), wrap(NAMES))
        with pytest.raises(ValueError, match='has 2 classes'):
            check(classifier(), wrap(NAMES[:2]))
    wrapper = nn.Module()
    wrapper.module = classifier()
    with pytest.raises(ValueError, match=r'^head\.num_classes=3'):
        check(wrapper, images(NAMES[:2]))


def test_data_that_do_not_say_their_classes_are_taken_as_they_are():
    check(classifier(), images(None), [1, 2, 3])


def test_places2_says_its_number_of_classes_without_their_names(tmp_path):
    (tmp_path / 'list.txt').write_text('a.jpg 0\n')
    places = build('mmpretrain', dict(type='mmgb.Places2', ann_file=str(tmp_path / 'list.txt')), DATASETS)
    with pytest.raises(ValueError, match='the Places2 of train_dataloader, which has 401 classes'):
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
    with pytest.raises(ValueError, match=r'^auxiliaries\.0\.num_classes=5 \(AuxiliaryClsHead\) '):
        check(relay(5), images())


def test_a_classifier_inside_the_backbone_counts_and_a_backbone_without_one_does_not():
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
    with pytest.raises(ValueError, match=r'^backbone\.num_classes=10 \(LeNet5\)'):
        check(lenet(10), images())


def test_a_preprocessor_counts_where_it_writes_labels_as_class_scores():
    mixup = dict(augments=dict(type='Mixup', alpha=0.2))
    check(classifier(data_preprocessor=dict(type='ClsDataPreprocessor', num_classes=1000)), images())
    with pytest.raises(ValueError, match=r'^data_preprocessor\.num_classes=1000 \(ClsDataPreprocessor\)'):
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
    with pytest.raises(ValueError, match=r'^head\.num_classes=3 \(MultiLabelLinearClsHead\)'):
        check(model, images(NAMES[:2], kind='MultiLabelDataset'))


def test_heads_of_mmseg_are_compared_but_not_one_with_a_single_output():
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
    with pytest.raises(ValueError, match=r'^auxiliary_head\.0\.num_classes=4 \(FCNHead\) does not fit the BaseSeg'):
        check(segmentor(dict(num_classes=4)), maps)
