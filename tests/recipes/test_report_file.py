"""The file of checked recipes: it is continued, and a changed config is checked again."""

import json

import pytest
from mmengine.config import Config

from mmgb.functional.errors import ConfigError
from mmgb.recipes.report_file import ReportFile, digest, format_report


def test_entries_are_found_again_with_the_same_content_and_options(tmp_path):
    path = tmp_path / 'recipes.json'
    identity = dict(digest='a', options=dict(steps=60))
    ReportFile(path, dict(cpu='x')).add('net.py', dict(identity, verdict='falls'))
    again = ReportFile(path, dict(cpu='y'))
    assert again.find('net.py', identity)['verdict'] == 'falls'
    assert again.find('net.py', dict(identity, digest='b')) is None
    assert again.find('net.py', dict(identity, options=dict(steps=20))) is None
    assert again.find('other.py', identity) is None
    again.add('net.py', dict(identity, digest='b', verdict='rises'))
    content = json.loads(path.read_text())
    assert list(content['recipes']) == ['net.py'] and content['recipes']['net.py']['verdict'] == 'rises'
    assert content['environment'] == dict(cpu='x')


def test_a_training_is_found_under_the_config_that_ran_it():
    file = ReportFile(None, {})
    options = dict(steps=60)
    file.add('net.py', dict(training='t', options=options, verdict='falls'))
    found = file.find_training('t', options)
    assert found == dict(training='t', options=options, verdict='falls', trained_as='net.py')
    file.content['recipes'] = {'other.py': found, **file.content['recipes']}
    assert file.find_training('t', options)['trained_as'] == 'net.py'
    assert file.find_training('t', dict(steps=20)) is None and file.find_training('u', options) is None


def test_the_text_is_json_with_a_line_per_config():
    content = dict(environment=dict(cpu='x"y'), recipes={'a.py': dict(losses=[1.5, 'inf']), 'b.py': dict(steps=2)})
    text = format_report(content)
    assert json.loads(text) == content and text.count('\n') == 5
    assert json.loads(format_report(dict(environment={}, recipes={}))) == dict(environment={}, recipes={})


@pytest.mark.parametrize('text', ['', '[]', '{"recipes": []}', '{"recipes": {}}'])
def test_other_files_are_refused_and_kept(tmp_path, text):
    path = tmp_path / 'recipes.json'
    path.write_text(text)
    with pytest.raises(ConfigError, match='expected a file of tools/check_recipe.py'):
        ReportFile(path, {})
    assert path.read_text() == text


def test_digest_depends_on_content_alone(tmp_path):
    (tmp_path / 'base.py').write_text('model = dict(width=1)\nrate = 0.1\n')
    (tmp_path / 'leaf.py').write_text("_base_ = './base.py'\n# a comment\n")
    base, leaf = (Config.fromfile(tmp_path / name) for name in ('base.py', 'leaf.py'))
    assert digest(base.to_dict()) == digest(leaf.to_dict())
    leaf.model.width = 2
    assert digest(base.to_dict()) != digest(leaf.to_dict())
    assert digest(dict(path='/tmp/a/x'), '/tmp/a') == digest(dict(path='/tmp/b/x'), '/tmp/b')
