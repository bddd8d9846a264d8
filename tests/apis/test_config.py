import pytest
from mmengine.config import Config

from mmgb.apis.config import load_config, merge_option, set_work_dir, type_name
from mmgb.functional.errors import ConfigError


def test_options_set_entries_of_dictionaries_and_lists_and_create_new_keys(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text("model = dict(type='A', losses=[dict(w=1.), dict(w=2.)])")
    cfg = load_config(str(path), {'model.losses.1.w': 3.0, 'model.depth': 5}, ('model',))
    assert cfg.model.to_dict() == dict(type='A', losses=[dict(w=1.0), dict(w=3.0)], depth=5)


@pytest.mark.parametrize('value', [9.0, None, 'x', [1, 2], dict(w=1)])
def test_an_index_selects_a_plain_value_too(value):
    cfg = Config(dict(model=dict(mean=[1.0, 2.0, 3.0], nested=[[1, 2], [3, dict(a=1)]])))
    merge_option(cfg, 'model.mean.1', value)
    merge_option(cfg, 'model.nested.1.0', value)
    assert cfg.model.mean == [1.0, value, 3.0] and cfg.model.nested == [[1, 2], [value, dict(a=1)]]


@pytest.mark.parametrize(
    'key, said',
    [
        ('losses.2.w', "expected an index from 0 to 1 into the list 'losses', got '2'"),
        ('losses.first', "into the list 'losses', got 'first'"),
        ('losses.0.w.x', "'losses.0.w' is 1.0, without entry 'x'"),
        ('nothing.x', "'nothing' is None, without entry 'x'"),
    ],
)
def test_an_option_with_an_invalid_key_is_refused_with_the_failing_part(key, said):
    cfg = Config(dict(losses=[dict(w=1.0), dict(w=2.0)], nothing=None))
    with pytest.raises(ConfigError) as refusal:
        merge_option(cfg, key, 7)
    assert said in str(refusal.value) and f'--cfg-options {key}=7' in str(refusal.value)


def test_the_work_dir_comes_from_the_option_or_the_config_or_the_configs_name():
    for given, in_config, expected in (('a', 'b', 'a'), (None, 'b', 'b'), (None, None, 'work_dirs/name')):
        cfg = Config(dict(work_dir=in_config))
        set_work_dir(cfg, 'some/where/name.py', given)
        assert cfg.work_dir == expected


def test_the_type_name_ignores_a_scope_and_accepts_a_class():
    class IoUMetric:
        pass

    assert {type_name(dict(type=kind)) for kind in ('IoUMetric', 'mmseg.IoUMetric', IoUMetric)} == {'IoUMetric'}
    assert type_name({}, default='OptimWrapper') == 'OptimWrapper'


def test_an_unreadable_or_incomplete_config_is_refused(tmp_path):
    (tmp_path / 'broken.py').write_text('model = dict(')
    (tmp_path / 'half.py').write_text('model = dict()')
    for name, message in (
        ('nowhere.py', 'is not a file'),
        ('broken.py', "can't be read: SyntaxError"),
        ('half.py', 'lacks test_cfg, which this tool needs'),
    ):
        with pytest.raises(ConfigError, match=f"^config='{tmp_path / name}' {message}"):
            load_config(str(tmp_path / name), {}, ('model', 'test_cfg'))
