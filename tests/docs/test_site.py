"""The documentation site builds without a warning, and has every page and every registered name."""

from __future__ import annotations

import importlib.util
import re

import pytest
from helpers.code_blocks import ROOT

from mmgb import registry

build = pytest.importorskip('mkdocs.commands.build', reason='needs the extra docs: pip install ".[docs]"')

REGISTRIES = ('MODELS', 'DATASETS', 'DATA_SAMPLERS', 'HOOKS', 'METRICS', 'TRANSFORMS', 'WEIGHT_INITIALIZERS')


@pytest.fixture(scope='module')
def pages():
    """Return the module of the site's hooks."""
    spec = importlib.util.spec_from_file_location('site_pages', ROOT / 'docs/site_pages.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope='module')
def site(tmp_path_factory):
    """Return the folder of the built site. With ``strict``, a warning ends the build with an exception."""
    from mkdocs.config import load_config

    folder = tmp_path_factory.mktemp('site')
    config = load_config(str(ROOT / 'mkdocs.yml'), strict=True, site_dir=str(folder))
    config.plugins.on_startup(command='build', dirty=False)
    build.build(config)
    return folder


def test_every_document_is_a_page(site):
    documents = [path.stem for path in ROOT.glob('docs/*.md')]
    cards = [path.parent.relative_to(ROOT) for path in (ROOT / 'configs').rglob('README.md')]
    expected = [*(f'{name}.html' for name in documents), *(f'{card}/index.html' for card in cards)]
    assert [page for page in expected if not (site / page).is_file()] == []
    assert 'When it helps' in (site / 'index.html').read_text(encoding='utf-8')


def test_every_registered_name_is_in_the_reference(site):
    names = set()
    for one in REGISTRIES:
        found = getattr(registry, one)
        found.import_from_location()
        names.update(found.module_dict, getattr(found, 'host_bound', ()))
    text = ''.join(path.read_text(encoding='utf-8') for path in (site / 'api').glob('*.html'))
    documented = {anchor.rpartition('.')[2] for anchor in re.findall(r'<h2 id="(mmgb[\w.]+)"', text)}
    assert names and names - documented == set()


def test_every_exported_function_is_in_the_reference(site):
    from mmgb import functional

    text = (site / 'api/functional.html').read_text(encoding='utf-8')
    assert [name for name in functional.__all__ if f'<h2 id="mmgb.functional.{name}"' not in text] == []


@pytest.mark.parametrize(
    'source, link, expected',
    [
        ('README.md', '[a](docs/relay.md#ranges)', '[a](relay.md#ranges)'),
        ('docs/relay.md', '[a](../README.md#install)', '[a](index.md#install)'),
        ('docs/relay.md', '[a](../configs/relay_bp/imagenet)', '[a](configs/relay_bp/imagenet/index.md)'),
        ('configs/relay_bp/voc12/README.md', '[a](../imagenet)', '[a](../imagenet/index.md)'),
        ('configs/README.md', '![a](../docs/results/quickstart.png)', '![a](../results/quickstart.png)'),
        ('docs/heads.md', '[a](heads.yml) [b](results/second_derivatives/hessian.md)', 'a b'),
        ('docs/relay.md', '[a](../setup.py) and `x[0](y)`', 'a and `x[0](y)`'),
        ('docs/relay.md', '[a](https://arxiv.org) [b](#ranges)', '[a](https://arxiv.org) [b](#ranges)'),
        ('docs/relay.md', '```python\nx[a](../setup.py)\n```\n', '```python\nx[a](../setup.py)\n```\n'),
    ],
)
def test_links_lead_to_the_page_that_github_shows(pages, source, link, expected):
    assert pages.resolve_links(link, source) == expected
