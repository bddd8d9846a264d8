"""READMEs of the config families: the same sections in the same order, limited length, links and commands that work."""

import re

import pytest
from helpers.shrunk_configs import CONFIGS, LEAVES

from mmgb.trials.manifest import read_manifest

SECTIONS = ['What it is', 'How to use', 'Configs', 'Hyper-parameters', 'Results', 'Limits']
MAX_WORDS = 900
FAMILIES = sorted(path.parent for path in CONFIGS.rglob('metafile.yml'))


def family_id(folder):
    return str(folder.relative_to(CONFIGS))


def without_code(text):
    return re.sub(r'```.*?```', '', text, flags=re.S)


def prose(text):
    """The text without code, generated blocks, tables, figures and the targets of links."""
    text = re.sub(r'<!-- (\S+) -->.*?<!-- /\1 -->', '', without_code(text), flags=re.S)
    lines = [line for line in text.splitlines() if not line.startswith(('|', '!['))]
    return re.sub(r'\]\([^)]*\)', ']', '\n'.join(lines))


def test_prose_leaves_out_what_is_not_read_as_text():
    block = '<!-- t -->\n| 1 |\nblock\n<!-- /t -->'
    text = f'two words\n| a | b |\n{block}\n```bash\nls\n```\n![figure](f.png)\na [link](x.py)\n'
    assert prose(text).split() == ['two', 'words', 'a', '[link]']


@pytest.fixture(params=FAMILIES, ids=family_id)
def family(request):
    return request.param


def test_sections_are_the_same_in_the_same_order(family):
    text = without_code((family / 'README.md').read_text())
    assert re.findall(r'^## (.*)$', text, flags=re.M) == SECTIONS
    assert re.match(r'# \S', text) and len(re.findall(r'^# ', text, flags=re.M)) == 1


def test_prose_has_at_most_900_words(family):
    assert len(prose((family / 'README.md').read_text()).split()) <= MAX_WORDS


def test_source_of_the_method_is_named(family):
    intro = (family / 'README.md').read_text().split('## How to use')[0]
    assert re.search(r'arXiv:\d{4}\.\d{5}|Lecture 15', intro)


def test_links_lead_to_files(family):
    text = without_code((family / 'README.md').read_text())
    links = [link for link in re.findall(r'\]\(([^)#]+)', text) if not link.startswith('http')]
    assert links and not [link for link in links if not (family / link).exists()]


def test_commands_name_experiments_and_files_that_exist(family):
    text = (family / 'README.md').read_text()
    manifest = read_manifest(CONFIGS)
    names = {*manifest.experiments, *manifest.families}
    for command in re.findall(r'tools/experiments\.py run ([^#\n`]*)', text):
        assert set(command.split()) <= names
    paths = re.findall(r'(?<![\w/])(?:tools|configs)/\S+\.(?:py|sh)', text)
    assert not [path for path in paths if '$' not in path and not (CONFIGS.parent / path).is_file()]


def test_every_config_is_named_in_the_readme_of_its_family(family):
    text = (family / 'README.md').read_text()
    rest = [path.name for path in LEAVES if family in path.parents and path.name not in text]
    # Variants that the README names by their part of the file name.
    patterns = re.findall(r'`((?:[\w-]+)?(?:-|_)[\w-]+|voc12aug)`', text)
    assert not [name for name in rest if not any(pattern in name for pattern in patterns)]
