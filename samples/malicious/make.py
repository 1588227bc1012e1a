#!/usr/bin/env python3
"""Write the malicious sample files and their README beside this script, byte by byte; nothing is pickled or loaded.

    python -m pip install lz4==4.4.5
    python make.py

Every callable is dangerous and every argument harmless. Do not load these files.
"""
import bz2
import gzip
import lzma
import os
import zlib

import lz4.frame

import files
import files_joblib

HERE = os.path.dirname(os.path.abspath(__file__))

README = """# Malicious samples

**Do not load these files.** They are assembled byte by byte by `make.py` (assembler.py, files.py, files_joblib.py); nothing was pickled or loaded to make them. Every callable is
dangerous and every argument harmless (`os.system('')`, `builtins.eval('0')`, `subprocess.check_output(['true'])`).

`depickle scan` must call none of them clean. *Must be named* lists the symbols, after the mapping of Python 2 names, that the report has to show; a dash where no symbol can be
known or where the harm is not a name. This table is written by `make.py`.

| file | must be named | what it shows |
|---|---|---|
"""


def xz(data):
    return lzma.compress(data, check=lzma.CHECK_CRC64, preset=3)


def old_lzma(data):
    return lzma.compress(data, format=lzma.FORMAT_ALONE, preset=3)


COMPRESSORS = {'zlib': lambda data: zlib.compress(data, 3), 'gzip': lambda data: gzip.compress(data, 3, mtime=0), 'bz2': lambda data: bz2.compress(data, 3),
               'xz': xz, 'lzma': old_lzma, 'lz4': lz4.frame.compress}


def main():
    rows = []
    entries = list(files.FILES) + list(files_joblib.FILES)
    for method, compress in COMPRESSORS.items():
        entries.append(('joblib_%s.joblib' % method, compress(files_joblib.AFTER), 'os.system', 'the call after an array, in a file that joblib compressed with ' + method))
    entries.append(('joblib_two_members.joblib', gzip.compress(files_joblib.AFTER[:40], 3, mtime=0) + gzip.compress(files_joblib.AFTER[40:], 3, mtime=0), 'os.system', 'two gzip members that the loader joins'))
    plain = files.SYSTEM_P2
    entries.append(('joblib_zf.pkl', b'ZF' + hex(len(plain)).ljust(19).encode() + zlib.compress(plain), 'os.system', "joblib's old compressed form"))
    for name, data, symbols, note in entries:
        with open(os.path.join(HERE, name), 'wb') as handle:
            handle.write(data)
        rows.append('| `%s` | %s | %s |\n' % (name, ' '.join('`%s`' % s for s in symbols.split()) or '-', note))
    with open(os.path.join(HERE, 'README.md'), 'w') as handle:
        handle.write(README + ''.join(rows))
    print('%d files' % len(entries))


if __name__ == '__main__':
    main()
