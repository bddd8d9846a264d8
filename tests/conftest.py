"""Settings of the whole suite."""

import os

# Workers of pytest-xdist already use all cores. torch reads these variables when it is first imported.
if 'PYTEST_XDIST_WORKER' in os.environ:
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    os.environ.setdefault('OMP_WAIT_POLICY', 'PASSIVE')
