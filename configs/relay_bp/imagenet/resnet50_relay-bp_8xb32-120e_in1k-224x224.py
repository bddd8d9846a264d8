# ResNet-50 of Table 6, row "Relay BP".
_base_ = [
    '../../_base_/models/relay_resnet50.py',
    '../../_base_/datasets/imagenet_224x224.py',
    '../../_base_/schedules/sgd_plateau_120e.py',
    '../../_base_/mmpretrain_runtime.py',
]
