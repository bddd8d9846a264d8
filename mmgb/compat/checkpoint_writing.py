"""Never leave a run without a complete checkpoint while the next one is written."""

import functools


def keep_checkpoints_until_replaced():
    """Let a run killed while it writes a checkpoint keep the previous one.

    mmengine's ``CheckpointHook`` deletes the checkpoints that ``max_keep_ckpts`` and ``save_best`` replace, and then
    writes the new one under its final name. A kill or a full disk in between leaves no complete file. This makes every
    write of the local backend, and of ``last_checkpoint``, atomic, and delays the deletions until the write has
    succeeded. Does nothing the second time.
    """
    from mmengine.fileio import LocalBackend
    from mmengine.hooks import checkpoint_hook

    from mmgb.utils.atomic_write import atomic_write

    @functools.wraps(LocalBackend.put)
    def put(self, obj, filepath):
        with atomic_write(filepath, 'wb') as file:
            file.write(obj)

    hook = checkpoint_hook.CheckpointHook
    if hasattr(hook._save_checkpoint_with_step, '__wrapped__'):
        return
    LocalBackend.put = put
    checkpoint_hook.open = atomic_write  # found before the built-in function by the module's `with open(…, 'w')`
    hook._save_checkpoint_with_step = _delete_at_the_end(hook._save_checkpoint_with_step)
    hook._save_best_checkpoint = _delete_at_the_end(hook._save_best_checkpoint)


class _DelayedDeletions:
    """File backend that notes the files and folders to delete, and passes everything else on to ``backend``."""

    def __init__(self, backend):
        self._backend, self.noted = backend, []

    def __getattr__(self, name):
        return getattr(self._backend, name)

    def remove(self, path):
        self.noted.append((self._backend.remove, path))

    def rmtree(self, path):
        self.noted.append((self._backend.rmtree, path))


def _delete_at_the_end(method):
    """Return ``method`` of a ``CheckpointHook``, changed so that it deletes files after everything else."""

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        if not hasattr(self, 'file_backend'):  # validation without a training
            return method(self, *args, **kwargs)
        backend, self.file_backend = self.file_backend, _DelayedDeletions(self.file_backend)
        try:
            method(self, *args, **kwargs)
            noted = self.file_backend.noted
        finally:
            self.file_backend = backend
        best = getattr(self, 'best_ckpt_path_dict', {}).values()
        current = {self.last_ckpt, getattr(self, 'best_ckpt_path', None), *best}
        for delete, path in noted:
            if path not in current:  # a file may be replaced under its own name
                delete(path)

    return call
