"""What an installation holds, and what importing it costs."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import mmgb

ROOT = Path(__file__).parents[1]


def run_python(code, cwd, *flags):
    command = [sys.executable, *flags, '-c', code]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout


def test_importing_the_package_imports_neither_torch_nor_a_host(tmp_path):
    loaded = run_python('import sys; import mmgb; print(*sys.modules)', tmp_path).split()
    assert 'mmgb' in loaded
    assert not {'torch', 'numpy', 'mmengine', 'mmcv', 'mmseg', 'mmpretrain'} & set(loaded)


def test_functional_works_without_any_openmmlab_package(tmp_path):
    code = (
        'import sys\n'
        'for host in ("mmengine", "mmcv", "mmseg", "mmpretrain"): sys.modules[host] = None\n'
        'import torch\n'
        'from mmgb.functional import exp_gb_loss, pow3_gb_loss\n'
        'x = torch.zeros(2, 3, requires_grad=True)\n'
        '(exp_gb_loss(x, torch.tensor([0, 2])) + pow3_gb_loss(x, torch.tensor([0, 2]))).backward()\n'
        'print(x.grad.abs().min().item() > 0)'
    )
    assert run_python(code, tmp_path).strip() == 'True'


@pytest.mark.parametrize('absent, present', [('mmseg', 'BoostedLinearClsHead'), ('mmpretrain', 'PixelNetHead')])
def test_a_host_that_is_not_installed_costs_only_what_is_bound_to_it(absent, present, tmp_path):
    code = (
        f'import sys; sys.modules["{absent}"] = None\n'
        'from mmgb.registry import MODELS\n'
        f'print(MODELS.get("ExpGBLoss").__name__, MODELS.get("{present}").__name__)\n'
        'for name in MODELS.host_bound:\n'
        '    try: MODELS.get(name)\n'
        '    except ImportError as error: print("needs", error.name.partition(".")[0])'
    )
    lines = run_python(code, tmp_path, '-W', 'ignore').splitlines()
    assert f'ExpGBLoss {present}' in lines and f'needs {absent}' in lines


def test_a_config_of_one_host_does_not_import_the_other(tmp_path):
    code = (
        'import sys\n'
        'from mmseg.registry import MODELS\n'
        'MODELS.get("mmgb.ExpGBLoss"), MODELS.get("mmgb.PixelNetHead")\n'
        'print("mmpretrain" in sys.modules)'
    )
    assert 'False' in run_python(code, tmp_path, '-W', 'ignore').splitlines()


@pytest.mark.parametrize('scope', ['mmseg', 'mmpretrain'])
def test_a_config_of_any_scope_finds_every_registered_name_without_custom_imports(scope, tmp_path):
    code = (
        f'from mmengine.registry import init_default_scope, MODELS, TRANSFORMS; init_default_scope("{scope}")\n'
        'print(type(MODELS.build(dict(type="mmgb.ExpGBLoss"))))\n'
        'print(type(TRANSFORMS.build(dict(type="mmgb.RandomChannelGain"))))\n'
        'print(MODELS.get("mmgb.PixelNetHead"))'
    )
    lines = run_python(code, tmp_path, '-W', 'ignore').splitlines()
    assert "<class 'mmgb.models.losses.gb_loss.ExpGBLoss'>" in lines
    assert "<class 'mmgb.datasets.transforms.random_channel_gain.RandomChannelGain'>" in lines
    assert "<class 'mmgb.models.heads.pixelnet_head.PixelNetHead'>" in lines


def test_editable_install_reaches_configs_and_tools_as_mim():
    mim = Path(mmgb.__file__).parent / '.mim'
    if not mim.is_dir():
        pytest.skip('mmgb is not installed here; tools/run_tests.sh installs it')
    assert (mim / 'tools' / 'train.py').is_file()
    assert list((mim / 'configs').rglob('pixelnet-*.py'))


def test_wheel_holds_every_module_config_and_tool(tmp_path):
    subprocess.run(
        [sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '--no-build-isolation', '-w', tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob('mmgb-*.whl')
    assert wheel.name.startswith(f'mmgb-{mmgb.__version__}-')
    archive = zipfile.ZipFile(wheel)
    names = set(archive.namelist())
    tracked = subprocess.run(
        ['git', 'ls-files', '-co', '--exclude-standard', 'mmgb', 'configs', 'tools'],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    files = (
        tracked.stdout.split()
        if tracked.returncode == 0
        else [
            str(path.relative_to(ROOT))
            for folder in ('mmgb', 'configs', 'tools')
            for path in (ROOT / folder).rglob('*')
            if path.is_file() and '__pycache__' not in path.parts and '.mim' not in path.parts
        ]
    )
    expected = {name if name.startswith('mmgb/') else f'mmgb/.mim/{name}' for name in files if (ROOT / name).is_file()}
    assert expected <= names
    metadata = archive.read(f'mmgb-{mmgb.__version__}.dist-info/METADATA').decode()
    assert set(re.findall(r'^Provides-Extra: (\w+)', metadata, re.M)) == {'onedl', 'openmmlab', 'test'}
    hard = [line for line in re.findall(r'^Requires-Dist: (.+)', metadata, re.M) if 'extra ==' not in line]
    assert {re.split(r'[><=]', name)[0] for name in hard} == {'numpy', 'torch'}
