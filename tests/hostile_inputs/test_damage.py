import io
import zipfile

import numpy as np
import pytest

from mmgb.hostile_inputs.damage import with_a_foreign_entry, with_damaged_bytes

CONTENT = bytes(range(200))


@pytest.mark.parametrize(
    'kind, sizes', [(0, {200}), (1, {*range(200, 208)}), (2, {*range(200)}), (3, {*range(161, 200)}), (4, {200})]
)
def test_each_kind_of_damage_changes_the_size_as_it_says(kind, sizes):
    rng = np.random.default_rng(0)
    copies = [with_damaged_bytes(CONTENT, rng, kind) for _ in range(50)]
    assert {len(copy) for copy in copies} <= sizes and all(copy != CONTENT for copy in copies)


def test_a_repeated_part_makes_the_file_longer():
    rng = np.random.default_rng(0)
    assert all(200 < len(with_damaged_bytes(CONTENT, rng, 5)) < 264 for _ in range(20))


def test_a_foreign_entry_keeps_the_archive_valid():
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as archive:
        archive.writestr('a', b'content of a')
    rng = np.random.default_rng(0)
    for _ in range(2):
        archive = zipfile.ZipFile(io.BytesIO(with_a_foreign_entry(file.getvalue(), rng)))
        assert archive.testzip() is None and archive.namelist() == ['a']
