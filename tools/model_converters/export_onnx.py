"""Export a trained model to ONNX: images to scores and class probabilities, for batches of any size.

    python tools/model_converters/export_onnx.py CONFIG CHECKPOINT model.onnx --image-size 224 224

The input holds pixels from 0 to 255 as the config's test pipeline packs them, (N, 3, H, W), with OpenCV's order of
channels (BGR) unless the pipeline loads another. The network's normalization is part of the model; resizing, cropping
and a mean image, which the pipeline does, are not. The outputs `scores` and `probabilities` have the shape (N, C), or
(N, C, H, W) of a segmentor; the predicted class has the highest score. The probabilities are those of the loss that the
model was trained with. Auxiliary losses are left out. The file is run by onnxruntime on a batch of another size, and
the largest difference from PyTorch is printed. Needs `pip install ".[export]"`.
"""

import argparse
from pathlib import Path

from mmgb import compat

compat.apply()  # before a host is imported

import torch  # noqa: E402

from mmgb.apis.config import load_config  # noqa: E402
from mmgb.apis.runner import build_trained_model  # noqa: E402
from mmgb.conversion.inference_module import InferenceModule, export, to_onnx  # noqa: E402
from mmgb.functional.errors import ConfigError  # noqa: E402
from mmgb.utils.atomic_write import atomic_write  # noqa: E402
from mmgb.utils.cli.cfg_options import add_cfg_options  # noqa: E402
from mmgb.utils.cli.run_tool import run_tool  # noqa: E402

TOLERANCE = 1e-4  # of a probability


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('config', help='config file of mmsegmentation or mmpretrain')
    parser.add_argument('checkpoint', help='trained weights')
    parser.add_argument('out', type=Path, help='file to write, .onnx')
    parser.add_argument(
        '--image-size',
        type=int,
        nargs=2,
        default=(224, 224),
        metavar=('HEIGHT', 'WIDTH'),
        help='size of the images in pixels (default: 224 224)',
    )
    add_cfg_options(parser)
    return parser.parse_args()


def load_onnxruntime():
    """Import onnxruntime, and with it check that the exporter's packages are there."""
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ConfigError(f'the package {error.name} is not installed: pip install ".[export]"') from error
    return onnxruntime


def difference(onnxruntime, exported, model, images):
    """Return the largest difference between the probabilities of an ONNX model and of PyTorch."""
    session = onnxruntime.InferenceSession(exported, providers=['CPUExecutionProvider'])
    (found,) = session.run(['probabilities'], {'images': images.numpy()})
    with torch.no_grad():
        _, expected = InferenceModule(model)(images)
    return (torch.from_numpy(found) - expected).abs().max().item()


def main():
    args = parse_args()
    if args.out.suffix != '.onnx':
        raise ConfigError(f"out='{args.out}': expected a file name that ends with .onnx")
    if min(args.image_size) < 1:
        raise ConfigError(f'--image-size {args.image_size[0]} {args.image_size[1]}: expected positive integers')
    onnxruntime = load_onnxruntime()
    model = build_trained_model(load_config(args.config, args.cfg_options, ('model',)), args.checkpoint)
    images = torch.rand(3, 3, *args.image_size) * 255
    exported = to_onnx(export(model, images[:2]))
    found = difference(onnxruntime, exported, model, images)
    if not found <= TOLERANCE:
        raise ConfigError(
            f"config='{args.config}': expected probabilities within {TOLERANCE} of PyTorch's in onnxruntime, got a "
            f'difference of {found:.2g}; nothing is written'
        )
    with atomic_write(args.out, 'wb') as file:
        file.write(exported)
    print(f"Wrote '{args.out}'; onnxruntime differs from PyTorch by at most {found:.2g}")


if __name__ == '__main__':
    run_tool(main)
