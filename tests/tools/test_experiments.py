"""experiments.py runs the commands that made the committed results, and generates their tables."""

import importlib.util
import json
import os
import re
import shlex
import signal
import sys
from pathlib import Path

import pytest
from helpers.manifests import write_manifests
from helpers.many_runs import assert_one_sentence, run_many
from helpers.tiny_runs import run, succeeded

from mmgb import compat
from mmgb.trials.commands import experiment_commands, select
from mmgb.trials.manifest import read_manifest
from mmgb.utils.cli.grid import make_grid
from mmgb.utils.cli.overrides import parse_overrides

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / 'docs/results'
MANIFESTS = {gpu: read_manifest(ROOT / 'configs', gpu) for gpu in (False, True)}
PYTHON = [sys.executable]
TOP_LEVEL = {
    'lecture',
    'lecture_images',
    'mnist_outputs',
    'mnist_hidden_units',
    'mnist_boosting',
    'mnist_matched',
    'mnist_adamw',
    'mnist_exp_gb_units',
    'threes_exp_gb_units',
    'mnist_pow3_gb_units',
    'threes_pow3_gb_units',
    'alexnet_matched',
    'digits_matched',
    'digits_warmup',
    'mnist_rmsprop_rates',
    'targets',
    'second_derivatives',
    'unlearning',
    'normaliser_penalty',
    'cifar10_losses',
    'cifar10_optimizers',
    'variants',
    'gradients',
    'class_aware_sampling',
    'alexnet',
    'outputs',
    'digit_pairs',
    'digit_threes',
    'segmentation',
    'relay_depth',
    'relay',
    'relay_plain8',
    'relay_plain8_chosen',
    'relay_plain16_again',
    'sun8',
}
PARTS = {
    'mnist_output_rates',
    'mnist_boosting_rates',
    'cifar10_loss_rates',
    'alexnet_rates',
    'voc12_rates',
    'relay_rates',
    'relay_weights',
}


def commands(*names, gpu=False):
    """The command lines of these experiments and of those they need, or of all."""
    manifest = MANIFESTS[gpu]
    return [
        command.arguments for name in select(manifest, names) for command in experiment_commands(manifest, name, jobs=1)
    ]


@pytest.fixture
def read_trials_command(monkeypatch):
    """Function that returns the arguments run_trials.py reads from a command line, or None for another tool's."""
    monkeypatch.setattr(compat, 'apply', lambda: None)  # it would stay applied in the tests that follow
    spec = importlib.util.spec_from_file_location('run_trials', ROOT / 'tools/run_trials.py')
    run_trials = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(run_trials)

    def read(command):
        if 'tools/run_trials.py' not in command:
            return None
        monkeypatch.setattr(sys, 'argv', command[command.index('tools/run_trials.py') :])
        return run_trials.parse_args()

    return lambda *names, gpu=False: list(filter(None, map(read, commands(*names, gpu=gpu))))


def test_the_manifests_ask_for_the_commands_that_made_the_committed_trials(read_trials_command):
    unmade = {path for path in RESULTS.glob('*/*.json') if 'settings' in json.loads(path.read_text())}
    assert unmade
    for args in read_trials_command():
        path = ROOT / args.out
        content = json.loads(path.read_text())
        assert (content['config'], content['metric']) == (args.config, args.metric), path
        assert content['cfg_options'] == parse_overrides(args.cfg_options, '--cfg-options'), path
        varied = [parse_overrides(setting, '--vary') for setting in make_grid(args.vary)]
        assert sorted(map(str, varied)) == sorted(str(setting['overrides']) for setting in content['settings']), path
        assert all(
            [trial['seed'] for trial in setting['trials']]
            in (list(range(args.first_seed, args.first_seed + n)) for n in range(1, args.trials + 1))
            for setting in content['settings']
        ), path
        unmade.remove(path)
    assert not unmade


def test_without_a_name_every_experiment_runs_once_and_none_that_only_the_other_device_needs():
    assert set(select(MANIFESTS[False], ['gradient_boosting/digits'])) == {'digits', 'digits_warmup', 'digits_matched'}
    everything = select(MANIFESTS[False], [])
    assert len(set(everything)) == len(everything) and set(everything) == set(MANIFESTS[False].experiments)
    assert TOP_LEVEL | PARTS <= set(everything)
    assert set(everything) - set(select(MANIFESTS[True], [])) == {
        'digits',
        'voc12_rates',
        'voc12_norm_outputs_rates',
        'voc12_weights',
    }
    assert set(select(MANIFESTS[False], sorted(TOP_LEVEL))) == set(everything)


def test_wide_networks_have_their_configs_and_files_of_their_own(read_trials_command):
    slim = {str(args.out): args for args in read_trials_command()}
    found = read_trials_command(gpu=True)
    assert {str(args.out) for args in found} - set(slim) == {
        *(
            f'docs/results/cifar10_losses/{n}.json'
            for n in ('softmax', 'linear', 'exp-gb', 'pow3-gb', 'mirrored-exp-gb')
        ),
        *(f'docs/results/gradients/{n}.json' for n in ('softmax_0.1', 'softmax_0.3', 'softmax_1.0')),
        *(f'docs/results/gradients/{n}.json' for n in ('exp-gb_0.01', 'pow3-gb_0.005')),
        *(f'docs/results/voc12/{n}.json' for n in ('softmax', 'exp-gb', 'pow3-gb')),
    }
    for args in found:
        assert (ROOT / args.config).is_file()
        same = slim.get(str(args.out), args)
        assert (args.config, args.cfg_options) == (same.config, same.cfg_options)
    seeds = {str(args.out): args.trials for args in found}
    assert seeds['docs/results/mnist_outputs/linear.json'] == seeds['docs/results/cifar10_losses/pow3-gb.json'] == 20


def test_claims_are_about_results_of_the_experiment_that_their_command_runs(read_trials_command):
    manifest, makers = MANIFESTS[False], MANIFESTS[False].makers()
    for claim in manifest.claims:
        made = {str(args.out) for args in read_trials_command(makers[claim.first], makers[claim.second])}
        assert {f'docs/results/{result}.json' for result in (claim.first, claim.second)} <= made


def test_every_tool_and_config_that_a_command_names_exists():
    for gpu in MANIFESTS:
        for arguments in commands(gpu=gpu):
            tool = next(argument for argument in arguments if argument.startswith('tools/'))
            assert (ROOT / tool).is_file()
        configs = {run.config for one in MANIFESTS[gpu].experiments.values() for run in one.runs}
        assert all((ROOT / config).is_file() for config in configs)


def test_commands_in_the_documentation_name_experiments():
    files = [ROOT / 'README.md', *ROOT.glob('docs/*.md'), *ROOT.glob('configs/**/*.md')]
    commands = [
        command.partition('#')[0].split()
        for file in files
        for command in re.findall(r'experiments\.py run ([^\n`]+)', file.read_text())
    ]
    assert len(commands) > 10
    placeholders = {'NAME', 'FAMILY', 'CLAIM', '[FAMILY|CLAIM…]'}
    for names in commands:
        select(MANIFESTS[False], [name for name in names if name[0] not in '-[' and name not in placeholders])


def test_tables_are_generated_from_the_committed_numbers():
    succeeded(run(ROOT, 'experiments.py', 'report', '--check'))


def test_results_have_no_number_outside_of_the_generated_tables():
    written = re.sub(r'<!-- (\w+) -->.*?<!-- /\1 -->', '', (ROOT / 'docs/RESULTS.md').read_text(), flags=re.DOTALL)
    written = re.sub(r'pow3-GB|CIFAR-10|\]\([^)]*\)', '', written)  # names and links may have some
    assert 'claims' not in re.findall(r'<!-- (\w+) -->', written) and not re.search(r'\d', written)


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """experiments.py as a module, in a checkout of its own whose Python only writes down its arguments."""
    spec = importlib.util.spec_from_file_location('experiments', ROOT / 'tools/experiments.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    python = tmp_path / 'python'
    python.write_text('#!/bin/sh\necho "$@" >> calls\nexit ${CODE:-0}\n')
    python.chmod(0o755)
    monkeypatch.setattr(module, 'ROOT', tmp_path)
    monkeypatch.setattr(module.sys, 'executable', str(python))
    monkeypatch.setattr(module, 'report', lambda check: None)
    write_manifests(tmp_path)
    return module


def run_tool(tool, monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['experiments.py', 'run', *arguments])
    tool.main()
    calls = tool.ROOT / 'calls'
    return [line.removeprefix('-W ignore ').split()[0] for line in calls.read_text().splitlines()]


def test_commands_run_in_order_and_those_without_logs_or_need_are_skipped(tool, monkeypatch, capsys):
    trials, compare = 'tools/run_trials.py', 'tools/analysis_tools/compare_trials.py'
    expected = [trials, trials, 'tools/dataset_converters/make.py', trials, trials, compare, 'tools/train.py']
    assert run_tool(tool, monkeypatch, 'single') == expected
    skipped = "Skipped tools/analysis_tools/plot.py: no logs in 'work_dirs/out/a/seed_0'."
    assert skipped in capsys.readouterr().out
    (tool.ROOT / 'calls').unlink()
    (tool.ROOT / 'work_dirs').mkdir()
    (tool.ROOT / 'work_dirs/done').touch()
    assert run_tool(tool, monkeypatch, 'single') == expected[:-1]


def test_files_of_a_tool_are_kept_with_the_results(tool, monkeypatch):
    for name in ('a', 'b'):
        (tool.ROOT / f'work_dirs/out/{name}/seed_0').mkdir(parents=True)
    for name in ('rms.png', 'rms.svg'):
        (tool.ROOT / 'work_dirs/out' / name).touch()
    assert run_tool(tool, monkeypatch, 'losses')[-1] == 'tools/analysis_tools/plot.py'
    assert [path.name for path in (tool.ROOT / 'docs/results/out').iterdir()] == ['rms.png']


def test_a_failed_command_ends_the_run_with_its_code(tool, monkeypatch):
    monkeypatch.setenv('CODE', '3')
    with pytest.raises(SystemExit) as end:
        run_tool(tool, monkeypatch, 'losses')
    assert end.value.code == 3 and len((tool.ROOT / 'calls').read_text().splitlines()) == 1


def test_sigterm_ends_the_running_command(tool):
    code = f'import os, signal, time; os.kill({os.getpid()}, signal.SIGTERM); time.sleep(600)'
    assert tool.call([*PYTHON, '-c', code]) == 128 + signal.SIGTERM


@pytest.fixture(scope='module')
def results(tmp_path_factory):
    return run_many(
        tmp_path_factory.mktemp('experiments'),
        {
            'dry run': ['experiments.py', 'run', 'mnist_boosting_rates', 'digits', '--jobs', 2, '--dry-run'],
            'unknown': ['experiments.py', 'run', 'mnist'],
            'no job': ['experiments.py', 'run', '--jobs', 0],
        },
    )


def test_a_dry_run_prints_each_experiment_with_its_commands(results):
    code, output = results['dry run']
    assert code == 0
    lines = output.splitlines()
    names = re.findall(r'^# (.+?):', output, re.MULTILINE)
    assert names == ['mnist_softmax_rates', 'mnist_norm_outputs', 'mnist_boosting_rates', 'digits']
    assert shlex.split(lines[1])[:9] == [
        *('python', '-W', 'ignore', 'tools/run_trials.py'),
        'configs/gradient_boosting/mnist/mlp_softmax_1xb100-100e_mnist-28x28.py',
        *('--trials', '3', '--out', 'docs/results/mnist_outputs/rates_softmax.json'),
    ]
    assert '--jobs 2 --vary optim_wrapper.optimizer.lr=0.125,0.25,0.5,1.0,2.0 --cfg-options' in lines[1]
    assert 'python tools/dataset_converters/make_digits_voc.py data/digits' in lines


def test_bad_input_ends_in_one_sentence(results):
    known = "experiment='mnist': expected an experiment (lecture, lecture_images, mnist_"
    assert_one_sentence(results['unknown'], 'experiments.py', known)
    assert_one_sentence(results['no job'], 'experiments.py', '--jobs=0: expected a positive integer')
