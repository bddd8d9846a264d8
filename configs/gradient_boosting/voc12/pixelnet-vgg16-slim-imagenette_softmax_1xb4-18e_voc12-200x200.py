# Table 3 for a CPU: the convolutions start from those trained on ten classes of ImageNet, as the paper's from all of
# its classes.
_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/voc12_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]
model = dict(
    backbone=dict(
        init_cfg=[
            dict(type='Kaiming', layer='Conv2d', mode='fan_in', bias=0),  # fc6 and fc7, which that network lacks
            dict(
                type='Pretrained',
                checkpoint='work_dirs/vgg16-slim_softmax_1xb64-12e_imagenette-64x64/epoch_12.pth',
                prefix='backbone.',
            ),
        ]
    )
)
optim_wrapper = dict(optimizer=dict(lr=0.003))
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=18, val_interval=6)
