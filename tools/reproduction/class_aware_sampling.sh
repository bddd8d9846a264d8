# Class-aware against default sampling, on a long-tailed CIFAR-10 and on eight scenes of SUN.
class_aware_sampling() {
    local sampler
    for sampler in default class-aware; do
        trials configs/class_aware_sampling/sun8/resnet18-w16_${sampler}_1xb64-30e_sun8-64x64.py 3 \
            "class_aware_sampling/sun8_$sampler" --metric single-label/recall
        trials configs/class_aware_sampling/cifar10-lt/resnet18-w16_${sampler}_1xb128-30e_cifar10-lt100-32x32.py 3 \
            "class_aware_sampling/cifar10-lt_$sampler" --metric single-label/recall
    done
    curves class_aware_sampling sun8_default sun8_class-aware cifar10-lt_default cifar10-lt_class-aware
}
