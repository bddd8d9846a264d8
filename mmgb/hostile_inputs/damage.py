"""Damage the content of a file in the ways in which files get damaged."""

import io
import zipfile


def damaged(content, rng, count):
    """Yield ``count`` damaged copies: flipped bits, other bytes, truncations, and foreign entries of zip files."""
    for number in range(count):
        copy = bytearray(content)
        place = int(rng.integers(len(copy)))
        kind = number % 6
        if kind == 0:
            copy[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            copy[place : place + 8] = rng.bytes(8)
        elif kind == 2:
            del copy[place:]
        elif kind == 3:
            del copy[place : place + int(rng.integers(1, 40))]
        elif kind == 4:
            for place in rng.integers(len(copy), size=20):
                copy[place] ^= 1 << int(rng.integers(8))
        elif zipfile.is_zipfile(io.BytesIO(content)):
            copy = with_a_foreign_entry(content, rng)
        yield bytes(copy)


def with_a_foreign_entry(content, rng):
    """Return a valid zip archive in which one entry holds damaged bytes, under a matching checksum."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    names = archive.namelist()
    chosen = names[int(rng.integers(len(names)))]
    file = io.BytesIO()
    with zipfile.ZipFile(file, 'w') as copy:
        for name in names:
            entry = bytearray(archive.read(name))
            if name == chosen:  # its header, where shape and type are
                entry[int(rng.integers(min(len(entry), 128)))] = int(rng.integers(32, 127))
            copy.writestr(name, bytes(entry))
    return file.getvalue()
