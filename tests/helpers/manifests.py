"""A small family of experiments, with a manifest of its own."""

TOP = """
families: [family]
tables:
  claims: {kind: claims, file: README.md}
"""
FAMILY = """
short: &short {train_cfg.max_epochs: 2}
experiments:
  rates:
    about: Learning rates.
    trials:
      for: {loss: [a: {learning_rates: [1, 2]}, b: {learning_rates: [3, 4]}]}
      config: net_{loss}.py
      result: out/rates_{loss}
      label: '{loss}'
      overrides: *short
  losses:
    about: Two losses.
    prepare: [{tool: dataset_converters/make.py, options: [data/x]}]
    cpu: {needs: [rates]}
    trials:
      for: {loss: [a, b]}
      config: net_{loss}.py
      result: out/{loss}
      work_dir: work_dirs/{result}
      seeds: 2
      metric: mIoU
      gpu: {config: 'wide_{loss}.py', result: 'wide/{loss}', seeds: 9}
    curves: true
    then:
      - tool: analysis_tools/plot.py
        each: 'loss {loss}={first_run}'
        options: [--out, 'work_dirs/{folder}']
        keep: ['*.png']
  single:
    about: One training.
    needs: [losses]
    train: {config: net_a.py, options: [--resume], unless: work_dirs/done}
tables:
  rates: {kind: grid}
  losses: {kind: trials}
claims:
  - {statement: B beats A, expected: lower, first: out/a, second: out/b}
"""


def write_manifests(folder, top=TOP, family=FAMILY):
    """Write both manifests below ``folder``, and return the folder of configs."""
    configs = folder / 'configs'
    (configs / 'family').mkdir(parents=True)
    (configs / 'experiments.yml').write_text(top)
    (configs / 'family' / 'experiments.yml').write_text(family)
    return configs
