"""Build script with the package metadata; tool settings are in ``pyproject.toml``.

An installation also contains ``configs``, ``demo``, ``tools`` and ``model-index.yml`` as ``mmgb/.mim``, the folder in
which OpenMMLab's ``mim train mmgb …`` looks for them: copied into a wheel, linked in an editable install.
"""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
MIM_CONTENT = ('configs', 'demo', 'tools', 'model-index.yml')
ONLY_IN_A_CHECKOUT = (
    'environment.sh',
    'run_tests.sh',
    'quickstart.sh',
    'gpu.sh',
    'experiments.py',
    'make_heads_table.py',
)
SCRIPTS = ('train', 'test', 'trials', 'suggest')

# tools/environment.sh reads this dictionary without running the script: write it without names.
EXTRAS = {
    # The default stack: the maintained distributions.
    'onedl': [
        'onedl-mmengine>=0.10.12',
        'onedl-mmcv>=2.3.6',
        'onedl-mmsegmentation>=1.4.2',
        'onedl-mmpretrain>=1.3.6',
        'scipy>=1.11',
        'torchvision',
    ],
    # The original distributions. Both stacks provide modules of the same names: install only one of them.
    'openmmlab': [
        'mmengine>=0.10.7',
        'mmcv>=2.0.0,<2.2.0',
        'mmsegmentation>=1.2.2',
        'mmpretrain>=1.2.0',
        'scipy>=1.11',
        'ftfy',
        'regex',
        'torchvision',
    ],
    'quickstart': ['scikit-learn'],  # its handwritten digits
    # The newest mkdocstrings for Python 3.10 cannot highlight code with pymdown-extensions 12.
    'docs': ['mkdocs-material', 'mkdocstrings-python', 'pymdown-extensions<12; python_version < "3.11"'],
    'export': ['onnx', 'onnxruntime', 'onnxscript'],
    'test': [
        'build',
        'hypothesis',
        'mkdocs-material',
        'mkdocstrings-python',
        'mypy',
        'onnx',
        'onnxruntime',
        'onnxscript',
        'pymdown-extensions<12; python_version < "3.11"',
        'pytest',
        'pytest-xdist',
        'ruff',
        'scikit-learn',
    ],
}


class BuildWithMim(build_py):
    """Build the package with ``mmgb/.mim``."""

    def run(self) -> None:
        super().run()
        mim = (ROOT if self.editable_mode else Path(self.build_lib)) / 'mmgb' / '.mim'
        shutil.rmtree(mim, ignore_errors=True)
        mim.mkdir(parents=True)
        if self.editable_mode:
            self.link(mim)
            return
        for name in MIM_CONTENT:
            if (ROOT / name).is_file():
                shutil.copy(ROOT / name, mim / name)
            else:
                shutil.copytree(
                    ROOT / name, mim / name, ignore=shutil.ignore_patterns('__pycache__', *ONLY_IN_A_CHECKOUT)
                )

    def link(self, mim: Path) -> None:
        """Fill ``mim`` with links. Windows allows them to some users only; without, mmgb finds its checkout itself."""
        try:
            for name in MIM_CONTENT:
                (mim / name).symlink_to(Path('..', '..', name), target_is_directory=(ROOT / name).is_dir())
        except OSError:
            shutil.rmtree(mim)


setup(
    name='mmgb',
    version=re.search(r"__version__ = '(.+)'", (ROOT / 'mmgb' / 'version.py').read_text(encoding='utf-8')).group(1),
    description='Boosted gradients and Relay Backpropagation for OpenMMLab',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    author='The mmgb developers',
    project_urls={
        'Gradient boosting paper': 'https://arxiv.org/abs/1707.04199',
        'Relay Backpropagation paper': 'https://arxiv.org/abs/1512.05830',
    },
    keywords='deep learning, loss functions, backpropagation, image classification, semantic segmentation',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Intended Audience :: Science/Research',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        *(f'Programming Language :: Python :: 3.{minor}' for minor in (10, 11, 12)),
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
        'Typing :: Typed',
    ],
    license='Apache-2.0',
    license_files=['LICENSE'],
    python_requires='>=3.9',
    packages=find_packages(include=['mmgb', 'mmgb.*']),
    package_data={'mmgb': ['py.typed']},
    install_requires=['numpy', 'torch>=2.4'],
    extras_require=EXTRAS,
    entry_points={'console_scripts': [f'mmgb-{name} = mmgb.__main__:{name}' for name in SCRIPTS]},
    cmdclass={'build_py': BuildWithMim},
)
