"""Imports of the package stay light, registered names are found, and a wheel is complete."""

import os
import re
import runpy
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
import setuptools
from helpers.tiny_runs import CLASSIFICATION, make_workspace

import mmgb
from mmgb.utils.shipped_files import shipped_files

ROOT = Path(__file__).parents[1]
BUILD_FILES = ('LICENSE', 'MANIFEST.in', 'README.md', 'model-index.yml', 'pyproject.toml', 'setup.py')
ONLY_IN_A_CHECKOUT = (
    'environment.sh',
    'run_tests.sh',
    'quickstart.sh',
    'benchmarks/gpu.sh',
    'experiments.py',
    'make_heads_table.py',
)
FROM_THE_WHEEL = f"""
_base_ = 'mmgb::_base_/mmpretrain_runtime.py'
{CLASSIFICATION}
"""
HOSTS = ('mmengine', 'mmcv', 'mmseg', 'mmpretrain')


def run_python(code, cwd):
    """Return the output of code that runs in its own process."""
    command = [sys.executable, '-W', 'ignore', '-c', code]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_importing_mmgb_imports_neither_torch_nor_a_host(tmp_path):
    loaded = run_python('import sys; import mmgb; print(*sys.modules)', tmp_path).split()
    assert 'mmgb' in loaded
    assert not {'torch', 'numpy', *HOSTS} & set(loaded)


def test_functional_runs_without_any_host(tmp_path):
    code = f"""
import sys
for host in {HOSTS}:
    sys.modules[host] = None  # importing it raises ImportError
import torch
from mmgb import functional
for name in functional.__all__:
    getattr(functional, name)
x = torch.zeros(2, 3, requires_grad=True)
target = torch.tensor([0, 2])
(functional.exp_gb_loss(x, target) + functional.pow3_gb_loss(x, target)).backward()
print(x.grad.abs().min().item() > 0)
"""
    assert run_python(code, tmp_path).strip() == 'True'


@pytest.mark.slow
@pytest.mark.parametrize('absent, present', [('mmseg', 'BoostedLinearClsHead'), ('mmpretrain', 'PixelNetHead')])
def test_an_absent_host_affects_only_the_names_that_need_it(absent, present, tmp_path):
    code = f"""
import sys
sys.modules[{absent!r}] = None
from mmgb.registry import MODELS
print(MODELS.get('ExpGBLoss').__name__, MODELS.get({present!r}).__name__)
for name in MODELS.host_bound:
    try:
        MODELS.get(name)
    except ImportError as error:
        print('needs', error.name.partition('.')[0])
"""
    lines = run_python(code, tmp_path).splitlines()
    assert f'ExpGBLoss {present}' in lines
    assert {line for line in lines if line.startswith('needs')} == {f'needs {absent}'}


@pytest.mark.slow
@pytest.mark.parametrize(
    'scope, own, other, foreign',
    [
        ('mmseg', 'PixelNetHead', 'mmpretrain', 'AuxiliaryClsHead'),
        ('mmpretrain', 'AuxiliaryClsHead', 'mmseg', 'PixelNetHead'),
    ],
)
def test_each_scope_finds_registered_names_and_imports_the_other_host_only_when_needed(
    scope, own, other, foreign, tmp_path
):
    code = f"""
import sys
from mmengine.registry import MODELS, TRANSFORMS, init_default_scope
init_default_scope({scope!r})
print(type(MODELS.build(dict(type='mmgb.ExpGBLoss'))).__name__)
print(MODELS.get('mmgb.{own}').__name__)
print({other!r} in sys.modules)  # before TRANSFORMS: mmseg's own datasets import mmpretrain
print(type(TRANSFORMS.build(dict(type='mmgb.RandomChannelGain'))).__name__)
print(MODELS.get('mmgb.{foreign}').__name__)
"""
    found = [line for line in run_python(code, tmp_path).splitlines() if re.fullmatch(r'\w+', line)]
    assert found == ['ExpGBLoss', own, 'False', 'RandomChannelGain', foreign]


def test_an_editable_install_links_configs_and_tools_for_mim():
    mim = Path(mmgb.__file__).parent / '.mim'
    if not mim.is_dir():
        pytest.skip('mmgb is not installed; tools/run_tests.sh installs it')
    assert (mim / 'tools' / 'train.py').is_file()
    assert list((mim / 'configs').rglob('pixelnet-*.py'))
    if mim.parent == ROOT / 'mmgb':  # this checkout
        assert {path.name for path in mim.iterdir()} <= {'configs', 'demo', 'tools', 'model-index.yml'}


def test_an_editable_install_without_the_right_to_make_links_finds_its_checkout(tmp_path, monkeypatch):
    """As on Windows, where only some users may make symbolic links."""
    monkeypatch.setattr(setuptools, 'setup', lambda **arguments: None)
    command = runpy.run_path(str(ROOT / 'setup.py'))['BuildWithMim']

    def refuse(*args, **kwargs):
        raise OSError('A required privilege is not held by the client')

    monkeypatch.setattr(Path, 'symlink_to', refuse)
    mim = tmp_path / 'mmgb' / '.mim'
    mim.mkdir(parents=True)
    command(setuptools.Distribution()).link(mim)
    assert not mim.exists() and shipped_files(tmp_path / 'mmgb') == tmp_path


def packaged_files():
    """Return the files of the packaged folders: those that git doesn't ignore, or all outside a git checkout."""
    folders = ('mmgb', 'configs', 'demo', 'tools')
    listed = subprocess.run(
        ['git', 'ls-files', '-co', '--exclude-standard', *folders], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode == 0:
        return [name for name in listed.stdout.split() if (ROOT / name).is_file()]
    files = (path for folder in folders for path in (ROOT / folder).rglob('*') if path.is_file())
    return [str(path.relative_to(ROOT)) for path in files if not {'__pycache__', '.mim'} & set(path.parts)]


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    """The wheel of this checkout, built from a copy: a build leaves folders behind that the next one would reuse."""
    sources, folder = tmp_path_factory.mktemp('sources'), tmp_path_factory.mktemp('wheel')
    for name in (*packaged_files(), *BUILD_FILES):
        (sources / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, sources / name)
    subprocess.run(
        [sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '--no-build-isolation', '-w', folder, sources],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob('mmgb-*.whl')
    assert path.name.startswith(f'mmgb-{mmgb.__version__}-')
    return zipfile.ZipFile(path)


def test_the_wheel_has_every_module_and_config_and_the_tools_that_need_no_checkout(wheel):
    expected = {name if name.startswith('mmgb/') else f'mmgb/.mim/{name}' for name in packaged_files()}
    checkout = {f'mmgb/.mim/tools/{name}' for name in ONLY_IN_A_CHECKOUT}
    assert checkout <= expected and not checkout & set(wheel.namelist())
    expected -= checkout
    expected.add('mmgb/.mim/model-index.yml')
    assert expected <= set(wheel.namelist())


def test_the_wheel_declares_its_types(wheel):
    """PEP 561: type checkers read a package's annotations only if it has a file named py.typed."""
    assert 'mmgb/py.typed' in wheel.namelist()


def test_the_wheel_requires_numpy_and_torch_and_offers_the_hosts_as_extras(wheel):
    metadata = wheel.read(f'mmgb-{mmgb.__version__}.dist-info/METADATA').decode()
    assert set(re.findall(r'^Provides-Extra: (\w+)', metadata, re.M)) == {
        'docs',
        'export',
        'onedl',
        'openmmlab',
        'quickstart',
        'test',
    }
    hard = [line for line in re.findall(r'^Requires-Dist: (.+)', metadata, re.M) if 'extra ==' not in line]
    assert {re.split(r'[><=]', name)[0] for name in hard} == {'numpy', 'torch'}


def test_the_wheel_names_its_author_links_classifiers_and_keywords(wheel):
    metadata = wheel.read(f'mmgb-{mmgb.__version__}.dist-info/METADATA').decode()
    assert 'Author: ' in metadata and metadata.count('Project-URL: ') == 2
    assert 'Classifier: Typing :: Typed' in metadata and 'semantic segmentation' in metadata
    assert 'License ::' not in metadata  # setuptools refuses it beside the license expression


@pytest.fixture(scope='module')
def installed(wheel, tmp_path_factory):
    """Return the ``bin`` folder of an environment with the wheel; the other packages are those of this environment."""
    folder = tmp_path_factory.mktemp('installed')
    venv.create(folder, with_pip=False, symlinks=True)
    (folder / 'packages').mkdir()
    pip = [sys.executable, '-m', 'pip', '--python', folder / 'bin' / 'python', 'install', '-q', '--no-deps']
    subprocess.run([*pip, wheel.filename], check=True, capture_output=True)
    (site,) = folder.glob('lib/python*/site-packages')
    others = [path for path in sys.path if path.endswith('-packages')]
    # With their own .pth files: Python 3.12 finds distutils by that of setuptools.
    (site / 'others.pth').write_text('\n'.join(f'import site; site.addsitedir({path!r})' for path in others))
    return folder / 'bin'


@pytest.mark.slow
def test_an_installed_wheel_trains_and_suggests_outside_the_checkout(installed, tmp_path):
    """The config inherits one of the wheel, by its name."""
    make_workspace(tmp_path)
    (tmp_path / 'new.py').write_text(FROM_THE_WHEEL)
    environment = {name: value for name, value in os.environ.items() if name not in ('PYTHONPATH', 'MMGB_ORIGINALS')}
    script = f"""
set -e
export OMP_NUM_THREADS=1 CUDA_VISIBLE_DEVICES=-1
{installed}/mmgb-train new.py
{installed}/python -c 'import mmgb; print(mmgb.__file__)'
{installed}/mmgb-suggest new.py --loss exp-gb
"""
    command = ['bash', '-c', script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert f'{installed.parent}/lib/' in done.stdout  # not the checkout
    assert (tmp_path / 'work_dirs' / 'new' / 'epoch_1.pth').is_file()
    assert "type='mmgb.ExpGBLoss'" in done.stdout


def test_a_source_distribution_has_all_that_its_tests_read():
    lines = (ROOT / 'MANIFEST.in').read_text(encoding='utf-8').splitlines()
    grafted = {line.split()[1] for line in lines if line.startswith('graft ')}
    included = {name for line in lines if line.startswith('include ') for name in line.split()[1:]}
    assert {'configs', 'docs', 'tests', 'tools', '.ci', '.github'} <= grafted
    documents = {path.name for path in ROOT.glob('*') if path.suffix in ('.md', '.cff', '.yml')}
    assert documents <= included | {'.pre-commit-config.yaml'}
