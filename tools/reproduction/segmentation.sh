VOC12_HELD_OUT=(train_cfg.max_epochs=6 train_dataloader.dataset.indices=816 val_dataloader.dataset.indices=-100
                val_dataloader.dataset.ann_file=ImageSets/Segmentation/train.txt)

# Table 3: error per budget of PixelNet, here slim on scenes of digits and on a part of VOC; on the complete VOC list
# with --gpu.
segmentation() {
    local loss
    if [ -z "$WIDTH" ]; then
        for loss in softmax exp-gb pow3-gb; do
            trials "$BOOSTING/voc12/pixelnet-vgg16_${loss}_1xb5-40e_voc12aug-224x224.py" 3 "voc12/$loss" \
                --metric mIoU --cfg-options train_cfg.max_epochs=60
        done
        curves voc12 softmax exp-gb pow3-gb
        return
    fi
    python tools/dataset_converters/make_digits_voc.py data/digits
    voc12_rates
    for loss in softmax exp-gb pow3-gb; do
        trials "$BOOSTING/digits/pixelnet-vgg16-slim_${loss}_1xb4-4e_digits-200x200.py" 3 "digits/$loss" \
            --metric mIoU --cfg-options train_cfg.max_epochs=6
        trials "$BOOSTING/voc12/pixelnet-vgg16-slim-imagenette_${loss}_1xb4-18e_voc12-200x200.py" 3 \
            "voc12-slim/$loss" --metric mIoU
    done
    curves digits softmax exp-gb pow3-gb
    curves voc12-slim softmax exp-gb pow3-gb
}
# About a factor of three apart, six passes over all training images but the last hundred, which they are tested on.
voc12_rates() {
    voc12_weights
    voc12_rate softmax 3e-4,0.001,0.003,0.01
    voc12_rate exp-gb 3e-5,1e-4,3e-4,0.001
    voc12_rate pow3-gb 3e-5,1e-4,3e-4,0.001
    voc12_rate softmax 0.003,0.01,0.03 -norm-outputs
    voc12_rate exp-gb 3e-4,0.001,0.003 -norm-outputs
    voc12_rate pow3-gb 3e-4,0.001,0.003 -norm-outputs
}
# voc12_rate LOSS RATES [NETWORK]
voc12_rate() {
    rates "$BOOSTING/voc12/pixelnet-vgg16-slim-imagenette${3:-}_$1_1xb4-18e_voc12-200x200.py" \
        "voc12-slim/${3:+${3#-}_}rates_$1" "$2" "${VOC12_HELD_OUT[@]}" --metric mIoU
}
# What these start from: the convolutions of a classifier of ten of ImageNet's classes.
voc12_weights() {
    local config=vgg16-slim_softmax_1xb64-12e_imagenette-64x64
    [ -e "work_dirs/$config/epoch_12.pth" ] ||
        python -W ignore tools/train.py "$BOOSTING/imagenette/$config.py" --cfg-options randomness.seed=0
}
