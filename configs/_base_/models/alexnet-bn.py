"""AlexNet with batch norm, the network of Table 2 of the gradient-boosting paper. Layer details are our choice."""

model = dict(
    type='ImageClassifier',
    backbone=dict(type='mmgb.AlexNetBN'),
    head=dict(
        type='LinearClsHead', num_classes=1000, in_channels=4096, loss=dict(type='CrossEntropyLoss'), topk=(1, 5)
    ),
)
