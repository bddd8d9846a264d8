import pytest
from mmengine.config import Config

from mmgb.apis.config import load_config, merge_option, set_work_dir, type_name
from mmgb.functional.errors import ConfigError


def test_options_set_entries_of_dictionaries_and_lists_and_make_new_keys(tmp_path):
    path = tmp_path / 'config.py'
    path.write_text("model = dict(type='A', losses=[dict(w=1.), dict(w=2.)])")
    cfg = load_config(str(path), {'model.losses.1.w': 3.0, 'model.depth': 5}, ('model',))
    assert cfg.model.to_dict() == dict(type='A', losses=[dict(w=1.0), dict(w=3.0)], depth=5)


@pytest.mark.parametrize(
    'key, said',
    [
        ('losses.2.w', "'losses' is a list of 2, so that '2' should be a number from 0 to 1"),
        ('losses.first', "'losses' is a list of 2, so that 'first' should be"),
        ('losses.0.w.x', "'losses.0.w' is 1.0, without entry 'x'"),
        ('nothing.x', "'nothing' is None, without entry 'x'"),
    ],
)
def test_an_option_that_leads_nowhere_is_refused_with_its_place(key, said):
    cfg = Config(dict(losses=[dict(w=1.0), dict(w=2.0)], nothing=None))
    with pytest.raises(ConfigError) as refusal:
        merge_option(cfg, key, 7)
    assert said in str(refusal.value) and f'--cfg-options {key}=7' in str(refusal.value)


def test_the_work_dir_is_the_command_lines_else_the_configs_else_made_of_its_name():
    for given, in_config, expected in (('a', 'b', 'a'), (None, 'b', 'b'), (None, None, 'work_dirs/name')):
        cfg = Config(dict(work_dir=in_config))
        set_work_dir(cfg, 'some/where/name.py', given)
        assert cfg.work_dir == expected


def test_a_types_name_is_the_same_with_a_scope_and_as_a_class():
    class IoUMetric:
        pass

    assert {type_name(dict(type=kind)) for kind in ('IoUMetric', 'mmseg.IoUMetric', IoUMetric)} == {'IoUMetric'}
    assert type_name({}, default='OptimWrapper') == 'OptimWrapper'
