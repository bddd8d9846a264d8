# A modern baseline of the boosted losses: softmax with smoothed labels, targets {0.01, 0.91} in place of {0, 1}.
# Szegedy et al. 2016, Rethinking the Inception Architecture for Computer Vision, Section 7.
_base_ = './cifar-convnet5-slim_softmax_1xb128-10e_cifar10-32x32.py'
model = dict(
    head=dict(loss=dict(_delete_=True, type='LabelSmoothLoss', label_smooth_val=0.1, num_classes=10, mode='original'))
)
