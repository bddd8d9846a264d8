"""Row S-40 (softmax, 40 epochs) of Table 3 with the slim PixelNet, for a CPU. Network and learning rate are ours."""

_base_ = [
    '../../_base_/models/pixelnet_vgg16-slim.py',
    '../../_base_/datasets/voc12_200x200.py',
    '../../_base_/schedules/pixelnet_60e.py',
    '../../_base_/mmseg_runtime.py',
]
optim_wrapper = dict(optimizer=dict(lr=0.03))
auto_scale_lr = dict(base_batch_size=4)
train_cfg = dict(max_epochs=40)
