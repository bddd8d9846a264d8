"""Ten-layer CIFAR-10 network of Figures 1b, 2, 3 and 5 of the gradient-boosting paper.

Nine convolutions and, in place of the average pooling, an affine layer. The layer widths are our choice.
"""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.CifarConvNet', depth=10),
    head=dict(type='LinearClsHead', num_classes=10, in_channels=360, loss=dict(type='CrossEntropyLoss')),
)
