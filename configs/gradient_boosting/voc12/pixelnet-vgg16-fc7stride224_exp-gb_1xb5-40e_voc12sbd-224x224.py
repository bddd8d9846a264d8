"""Row E-40 with the fc7 stride of the release's analysis files, 224 instead of 32.

Only the first two cells of each axis are ever read. Other settings as in the row.
"""

_base_ = './pixelnet-vgg16_exp-gb_1xb5-40e_voc12sbd-224x224.py'
model = dict(decode_head=dict(strides=(1, 2, 4, 8, 16, 224)))
