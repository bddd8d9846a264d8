"""In which heads of the hosts a boosted loss can be swapped in: the tables of tests and of ``docs/heads.md``.

``python tests/head_tables.py`` writes them into the document.
"""

from dataclasses import dataclass, field
from pathlib import Path

from mmgb.utils.markdown import replace_block

DOCUMENT = Path(__file__).parents[2] / 'docs/heads.md'


@dataclass(frozen=True)
class Trains:
    """A family that trains with a swapped loss.

    Attributes:
        name: as in the host's documentation.
        file: under the host's ``configs`` folder; empty: the host has none, and the test builds the head itself.
        loss: what the loss needs beside its type.
        head: what the head needs beside its loss.
        replaced: whether the host's loss has settings that a boosted one refuses, so that ``_delete_=True`` is needed.
        note: a sentence for the document.
        override: of the model, for the test alone: what the host's full configs set too, and smaller networks.
        size: side of the test's images, in pixels.
    """

    name: str
    file: str = ''
    loss: dict = field(default_factory=dict)
    head: dict = field(default_factory=dict)
    replaced: bool = False
    note: str = ''
    override: dict = field(default_factory=dict)
    size: int = 128


@dataclass(frozen=True)
class Refused:
    """A family that doesn't, or that isn't what these losses are for.

    Attributes:
        name, file: as above.
        because: the reason, for the document.
        error: what an attempt ends with (regular expression); empty: it can, but shouldn't, and a test shows why.
        missing: the module whose absence is the reason, if one's is.
        trains: the answer for the document.
    """

    name: str
    file: str
    because: str
    error: str
    missing: str = ''
    trains: str = 'no'


def base(name):
    return f'_base_/models/{name}.py'


def vit(**more):
    """Four of a vision transformer's 12 or 24 layers, each one tapped."""
    return dict(backbone=dict(num_layers=4, out_indices=(0, 1, 2, 3), **more))


BINARY_STAYS = 'The binary loss of its {} stays.'
OPERATORS = 'needs compiled operators of mmcv (`{}`)'

MMSEG_TRAINS = [
    Trains('ANN', base('ann_r50-d8')),
    Trains('APCNet', base('apcnet_r50-d8')),
    Trains('BiSeNetV1', base('bisenetv1_r18-d32')),
    Trains('BiSeNetV2', base('bisenetv2')),
    Trains('CGNet', base('cgnet')),
    Trains('DANet', base('danet_r50-d8'), note='All three outputs.'),
    Trains(
        'DDRNet',
        'ddrnet/ddrnet_23-slim_in1k-pre_2xb6-120k_cityscapes-1024x1024.py',
        loss=dict(ignore_index=255),
        note='A list of two losses, called without `ignore_index`.',
    ),
    Trains('DeepLabV3', base('deeplabv3_r50-d8')),
    Trains('DeepLabV3, UNet', base('deeplabv3_unet_s5-d16')),
    Trains('DeepLabV3+', base('deeplabv3plus_r50-d8')),
    Trains('DMNet', base('dmnet_r50-d8')),
    Trains('DNLNet', base('dnl_r50-d8')),
    Trains('DPT', base('dpt_vit-b16'), override=vit()),
    Trains('EMANet', base('emanet_r50-d8')),
    Trains('EncNet', base('encnet_r50-d8'), note=BINARY_STAYS.format('semantic encoding')),
    Trains('ERFNet', base('erfnet_fcn')),
    Trains('FastFCN', base('fastfcn_r50-d32_jpu_psp')),
    Trains('Fast-SCNN', base('fast_scnn'), replaced=True, note='The host trains it with sigmoids.'),
    Trains('FCN', base('fcn_r50-d8')),
    Trains('FCN, HRNet', base('fcn_hr18')),
    Trains('FCN, UNet', base('fcn_unet_s5-d16')),
    Trains('GCNet', base('gcnet_r50-d8')),
    Trains('ICNet', base('icnet_r50-d8')),
    Trains('ISANet', base('isanet_r50-d8')),
    Trains(
        'K-Net',
        'knet/knet-s3_r50-d8_fcn_8xb2-adamw-80k_ade20k-512x512.py',
        note='The loss of all stages stands in `kernel_generate_head`.',
    ),
    Trains('LR-ASPP', base('lraspp_m-v3-d8'), size=400),
    Trains('Non-local', base('nonlocal_r50-d8')),
    Trains('OCRNet', base('ocrnet_r50-d8')),
    Trains('OCRNet, HRNet', base('ocrnet_hr18')),
    Trains(
        'PIDNet',
        'pidnet/pidnet-s_2xb6-120k_1024x1024-cityscapes.py',
        loss=dict(ignore_index=255),
        note='A list of four losses, two of them called without `ignore_index`. '
        + BINARY_STAYS.format('boundary branch'),
    ),
    Trains('PSPNet', base('pspnet_r50-d8')),
    Trains('PSPNet, UNet', base('pspnet_unet_s5-d16')),
    Trains('SegFormer', base('segformer_mit-b0')),
    Trains('Segmenter', base('segmenter_vit-b16_mask'), override=dict(backbone=dict(num_layers=4))),
    Trains('SegNeXt', 'segnext/segnext_mscan-t_1xb16-adamw-160k_ade20k-512x512.py'),
    Trains('Semantic FPN', base('fpn_r50')),
    Trains(
        'Semantic FPN, PoolFormer',
        base('fpn_poolformer_s12'),
        override=dict(neck=dict(in_channels=[64, 128, 320, 512])),
    ),
    Trains('Semantic FPN, Twins', base('twins_pcpvt-s_fpn')),
    Trains('SETR-MLA', base('setr_mla'), override=vit()),
    Trains('SETR-naive', base('setr_naive'), override=vit()),
    Trains('SETR-PUP', base('setr_pup'), override=vit()),
    Trains('STDC', base('stdc'), note=BINARY_STAYS.format('detail head')),
    Trains('UPerNet', base('upernet_r50')),
    Trains(
        'UPerNet, BEiT', base('upernet_beit'), override=dict(vit(img_size=(128, 128)), decode_head=dict(channels=64))
    ),
    Trains(
        'UPerNet, ConvNeXt',
        base('upernet_convnext'),
        override=dict(backbone=dict(arch='tiny'), decode_head=dict(in_channels=[96, 192, 384, 768])),
    ),
    Trains(
        'UPerNet, MAE',
        base('upernet_mae'),
        override=dict(
            vit(img_size=(128, 128)), decode_head=dict(in_channels=[768] * 4), auxiliary_head=dict(in_channels=768)
        ),
    ),
    Trains('UPerNet, Swin', base('upernet_swin')),
    Trains('UPerNet, Twins', base('twins_pcpvt-s_upernet')),
    Trains('UPerNet, ViT', base('upernet_vit-b16_ln_mln'), override=vit()),
]

MMSEG_REFUSED = [
    *(
        Refused(name, base(file), OPERATORS.format(operator), operator, missing='mmcv._ext', trains='not tested')
        for name, file, operator in (
            ('CCNet', 'ccnet_r50-d8', 'CrissCrossAttention'),
            ('PointRend', 'pointrend_r50', 'point_sample'),
            ('PSANet', 'psanet_r50-d8', 'PSAMask'),
        )
    ),
    Refused(
        'SAN',
        base('san_vit-b16'),
        'classifies masks, not pixels: matched to the image by softmax probabilities '
        'of cosine scores times a scale; ' + OPERATORS.format('point_sample'),
        'point_sample',
        missing='mmcv._ext',
    ),
    Refused(
        'Mask2Former',
        'mask2former/mask2former_r50_8xb2-160k_ade20k-512x512.py',
        'classifies masks, not pixels: '
        'matched to the image by softmax probabilities; has no `loss_decode`; needs mmdetection',
        'mmdetection',
        missing='mmdet',
    ),
    Refused(
        'MaskFormer',
        'maskformer/maskformer_r50-d32_8xb2-160k_ade20k-512x512.py',
        'classifies masks, not pixels, as Mask2Former',
        "unexpected keyword argument 'in_channels'",
        missing='mmdet',
    ),
    Refused('VPD', base('vpd_sd'), 'estimates depth: no classes', r'class score 7.0 lies outside \[0, 1\]'),
    Refused(
        'One output channel (`out_channels=1`)',
        '',
        'labels of two classes need two outputs: leave `out_channels` out',
        'labels need at least two classes',
    ),
]

LABEL_SMOOTHING = 'Label smoothing is a choice of `targets`, see above.'
MIXES = 'Mixup, CutMix. '

MMPRETRAIN_TRAINS = [
    Trains('ClsHead', base('inception_v3'), size=96),
    Trains('LinearClsHead', base('resnet18'), size=32),
    Trains('LinearClsHead, Mixup', base('resnest50'), replaced=True, note=LABEL_SMOOTHING, size=64),
    Trains(
        'LinearClsHead, Mixup and CutMix', base('convnext/convnext-tiny'), replaced=True, note=LABEL_SMOOTHING, size=64
    ),
    Trains(
        'LinearClsHead, label smoothing', base('resnet50_label_smooth'), replaced=True, note=LABEL_SMOOTHING, size=32
    ),
    Trains('StackedLinearClsHead', base('mobilenet_v3/mobilenet_v3_small_cifar'), size=32),
    Trains('MultiLabelLinearClsHead, Mixup', base('resnet50_mixup'), replaced=True, size=32),
    Trains(
        'MultiLabelClsHead',
        'vgg/vgg16_8xb16_voc.py',
        replaced=True,
        note='Several labels an image.',
        override=dict(backbone=dict(_delete_=True, type='InceptionV3', num_classes=20)),
        size=96,
    ),
    Trains(
        'CSRAClsHead',
        'csra/resnet101-csra_1xb16_voc07-448px.py',
        replaced=True,
        note='Several labels an image.',
        override=dict(backbone=dict(depth=18), head=dict(in_channels=512)),
        size=64,
    ),
    Trains(
        'VisionTransformerClsHead',
        base('vit-base-p32'),
        override=dict(backbone=dict(arch='deit-tiny', img_size=64), head=dict(in_channels=192)),
        size=64,
    ),
    Trains(
        'VisionTransformerClsHead, DeiT III',
        base('deit3/deit3-small-p16-224'),
        replaced=True,
        note=MIXES + LABEL_SMOOTHING,
        override=dict(backbone=dict(img_size=64)),
        size=64,
    ),
    Trains(
        'DeiTClsHead',
        'deit/deit-tiny-distilled_4xb256_in1k.py',
        replaced=True,
        note=MIXES + 'Trains on the average of its two outputs; the host has no distillation.',
        override=dict(backbone=dict(img_size=64)),
        size=64,
    ),
    Trains(
        'ConformerHead',
        base('conformer/tiny-p16'),
        replaced=True,
        note=MIXES + 'Both outputs. ' + LABEL_SMOOTHING,
        size=64,
    ),
    Trains(
        'EfficientFormerClsHead',
        base('efficientformer-l1'),
        head=dict(distillation=False),
        override=dict(head=dict(loss=dict(type='CrossEntropyLoss'))),
        size=224,
    ),
    Trains(
        'LeViTClsHead',
        base('levit-256-p16'),
        head=dict(distillation=False),
        replaced=True,
        note=MIXES + LABEL_SMOOTHING,
        size=224,
    ),
    Trains('VigClsHead', base('vig/vig_tiny'), note=MIXES.strip(), size=224),
    Trains('MultiTaskHead', '', note='In the head of each task.'),
    Trains('BEiTV1Head', '', note='Classifies visual tokens.'),
    Trains('BEiTV2Head', '', note='Classifies visual tokens.'),
    Trains('ITMHead', '', note='Two classes: image and text match or not.'),
]

MMPRETRAIN_REFUSED = [
    Refused(
        'EfficientFormerClsHead with distillation',
        base('efficientformer-l1'),
        'the host cannot train it with any loss',
        "doesn't support to train the distilled version",
    ),
    Refused(
        'LeViTClsHead with distillation',
        base('levit-256-p16'),
        'the host cannot train it with any loss',
        "doesn't support training in distillation mode",
    ),
    Refused(
        'MultiLabelLinearClsHead, CutMix',
        base('resnet50_cutmix'),
        "the host's file names `BatchCutMix`, which is now `CutMix`",
        'BatchCutMix',
    ),
    Refused(
        'ArcFaceClsHead',
        'arcface/resnet50-arcface_8xb32_inshop.py',
        'its scores are cosines times 64, not free '
        'linear outputs: exp-GB fits at a cosine of 0.08, and where the head is surest, at 1, costs 6e26',
        '',
    ),
    Refused('RegressionHead', '', 'estimates a value: no classes', r'class score 7.0 lies outside \[0, 1\]'),
]

# Pretraining and generation; the tables above have every head that classifies what an image shows.
MMPRETRAIN_NOT_TRIED = {
    'CAEHead': 'predicts features and tokens by a loss of its own',
    'ContrastiveHead': 'scores are similarities over a temperature, against the batch',
    'GroundingHead': 'predicts boxes from text',
    'ITCHead': 'scores are similarities over a temperature, against the batch',
    'LatentCrossCorrelationHead': 'compares features',
    'LatentPredictHead': 'compares features',
    'MAEPretrainHead': 'reconstructs pixels',
    'MIMHead': 'reconstructs features',
    'MixMIMPretrainHead': 'reconstructs pixels',
    'MoCoV3Head': 'scores are similarities over a temperature, against the batch',
    'SeqGenerationHead': 'generates text with a language model',
    'SimMIMHead': 'reconstructs pixels',
    'SparKPretrainHead': 'reconstructs pixels',
    'SwAVHead': 'assigns clusters by a loss of its own',
    'VQAGenerationHead': 'generates text with a language model',
    'iTPNClipHead': 'compares features',
}


def markdown(trains, refused, not_tried=None):
    """One table in Markdown, with a row for each of the tables' rows."""
    lines = [('family', 'config of the host', 'trains', 'what to set, or why not'), ('---',) * 4]
    for row in trains:
        loss = dict(row.loss, **{'_delete_': True} if row.replaced else {})
        sentences = [
            f'{place}: ' + ', '.join(f'`{key}={value}`' for key, value in settings.items()) + '.'
            for place, settings in (('Loss', loss), ('Head', row.head))
            if settings
        ]
        lines.append((row.name, row.file and f'`{row.file}`', 'yes', ' '.join([*sentences, row.note]).strip()))
    lines += [(row.name, row.file and f'`{row.file}`', row.trains, row.because) for row in refused]
    lines += [(name, '', 'not tried', because) for name, because in (not_tried or {}).items()]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines) + '\n'


def with_tables(text):
    """The document's text with both tables as they are here."""
    text = replace_block(text, 'mmseg', markdown(MMSEG_TRAINS, MMSEG_REFUSED))
    return replace_block(text, 'mmpretrain', markdown(MMPRETRAIN_TRAINS, MMPRETRAIN_REFUSED, MMPRETRAIN_NOT_TRIED))


if __name__ == '__main__':
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text()))
