"""mmengine's runner for a test, which leaves the config of the training alone."""

from __future__ import annotations

import os

from mmengine.runner import Runner


class TestingRunner(Runner):
    """A ``Runner`` that writes its config beside its log, not into the work dir.

    mmengine would overwrite the training's config there by that of the test, which can neither train nor, with
    ``--tta``, test again.
    """

    def dump_config(self) -> None:
        name = os.path.basename(self.cfg.filename) if self.cfg.filename else f'{self.timestamp}.py'
        self.cfg.dump(os.path.join(self.log_dir, name))
