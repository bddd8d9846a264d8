import pytest

from mmgb.analysis.compiled_kernel.compilation import _double_operations, compile_launch
from mmgb.analysis.compiled_kernel.launch_case import LaunchCase, launch


@pytest.mark.slow
@pytest.mark.parametrize('soft', [False, True])
def test_only_class_scores_need_double_precision(soft, tmp_path, monkeypatch):
    monkeypatch.setenv('TRITON_CACHE_DIR', str(tmp_path))
    target = 'float32' if soft else 'int64'
    case = LaunchCase('pow3-GB', False, 'sum', soft, 'images', 16, True, 'float32', target, 'mask')
    compiled = compile_launch(launch(case), 90)
    assert 0 < compiled.registers < 255 and compiled.spilled == 0 and compiled.shared > 0
    assert (compiled.double_operations > 0) == soft


def test_moves_and_constants_are_no_operations_of_double_precision():
    ptx = """
    mov.b64 %rd1, %fd1;
    fma.rn.f64 %fd2, %fd1, %fd1, %fd1;
    @%p1 add.f64 %fd3, %fd2, %fd1;
    add.f32 %f1, %f1, %f1;
    cvt.f64.f32 %fd4, %f1;
    """
    assert _double_operations(ptx) == 3
