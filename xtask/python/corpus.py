#!/usr/bin/env python3
"""Write a corpus of benign files by the real libraries, and copies of them that hold a dangerous object.

    python corpus.py DIRECTORY [--evil DIRECTORY] [--only SECTION ...]

The environments that it has been run in, with the versions of all libraries, stand in docs/corpus.md.
What a library of the day does not have is left out and counted. ``manifest.json`` lists every file: path,
class, protocol, container. The dangerous object is pickled by a ``__reduce__`` that names ``os.system`` with an
empty command. The files under --evil must never be loaded; this script only writes them.
``cargo xtask corpus --clean DIRECTORY --dangerous EVIL`` judges what was written; observe.py, hooks.py and tables.py make the
policy's tables from it.
"""
import argparse
import json
import os
import pickle
import pickletools
import re
import sys
import warnings

import corpus_data
import corpus_libraries
import corpus_models
import corpus_plain

try:
    import joblib
except ImportError:
    try:
        from sklearn.externals import joblib
    except ImportError:
        joblib = None    # corpus_torch.py writes no joblib files

SECTIONS = {}
for module in (corpus_plain, corpus_data, corpus_models, corpus_libraries):
    SECTIONS.update(module.SECTIONS)
MODELS = set(corpus_models.SECTIONS) | set(corpus_libraries.SECTIONS)
LIBRARIES = ('numpy', 'scipy', 'sklearn', 'pandas', 'xgboost', 'lightgbm', 'catboost', 'statsmodels', 'imblearn',
             'category_encoders', 'pyarrow', 'lz4', 'cloudpickle', 'dill', 'patsy', 'formulaic', 'pytz', 'dateutil', 'torch')
DEFAULT_PROTOCOL = getattr(pickle, 'DEFAULT_PROTOCOL', 2)
MODEL_PROTOCOLS = (2, 4, 5)
PLAIN_PROTOCOLS = (0, 1, 2, 3, 4, 5)


class Dangerous(object):
    """Pickles as a call of ``os.system('')``."""
    def __reduce__(self):
        return os.system, ('',)


def compressors():
    """(name, argument of ``joblib.dump``) for the joblib at hand."""
    yield 'plain', 0
    yield 'zlib', ('zlib', 3)
    try:
        import lz4.frame  # noqa: F401
        yield 'lz4', ('lz4', 1)
    except ImportError:
        pass


class Writer(object):
    def __init__(self, top):
        self.top, self.manifest, self.failures, self.taken = top, [], [], set()

    def base(self, section, name):
        stem = re.sub(r'[^A-Za-z0-9_.-]+', '_', name).strip('_')
        while (section, stem.lower()) in self.taken:
            stem += '_'
        self.taken.add((section, stem.lower()))
        folder = os.path.join(self.top, section)
        if not os.path.isdir(folder):
            os.makedirs(folder)
        return section + '/' + stem

    def put(self, relative, name, value, protocol, container, write):
        path = os.path.join(self.top, relative)
        try:
            write(path)
        except Exception as error:
            if os.path.exists(path):
                os.remove(path)
            self.failures.append('%s: %s: %s' % (relative, type(error).__name__, error))
            return
        kind = type(value)
        self.manifest.append({'path': relative, 'name': name, 'class': kind.__module__ + '.' + kind.__name__,
                              'protocol': protocol, 'container': container})

    def pickles(self, base, name, value, protocols):
        for protocol in protocols:
            if protocol <= pickle.HIGHEST_PROTOCOL:
                self.put('%s.p%d.pkl' % (base, protocol), name, value, protocol, 'pickle',
                         lambda path: dump(value, path, protocol))

    def other_writers(self, base, name, value):
        """The pure-Python pickler, an optimised stream, and joblib at protocols that it does not choose itself."""
        for protocol in (0, 2, 4):
            self.put('%s.py.p%d.pkl' % (base, protocol), name, value, protocol, 'pickle',
                     lambda path: dump(value, path, protocol, getattr(pickle, '_Pickler', pickle.Pickler)))
        self.put(base + '.optimised.p4.pkl', name, value, 4, 'pickle', lambda path: optimised(value, path))
        for protocol in (2, 5):
            if protocol <= pickle.HIGHEST_PROTOCOL:
                self.put('%s.plain.p%d.joblib' % (base, protocol), name, value, protocol, 'joblib+plain',
                         lambda path: joblib.dump(value, path, protocol=protocol))

    def joblibs(self, base, name, value, methods=None):
        for method, argument in compressors():
            if methods is None or method in methods:
                self.put('%s.%s.joblib' % (base, method), name, value, DEFAULT_PROTOCOL, 'joblib+' + method,
                         lambda path: joblib.dump(value, path, compress=argument))

    def finish(self, environment):
        report = {'environment': environment, 'files': self.manifest, 'failures': self.failures}
        with open(os.path.join(self.top, 'manifest.json'), 'w') as handle:
            json.dump(report, handle, indent=1, sort_keys=True)
            handle.write('\n')
        print('%s: %d files, %d failures' % (self.top, len(self.manifest), len(self.failures)))


def dump(value, path, protocol, pickler=pickle.Pickler):
    with open(path, 'wb') as handle:
        pickler(handle, protocol=protocol).dump(value)


def optimised(value, path):
    with open(path, 'wb') as handle:
        handle.write(pickletools.optimize(pickle.dumps(value, protocol=4)))


def evil(writer, section, name, value):
    """The value with a dangerous object before it, after it and beside it in an object array."""
    import numpy
    inside = numpy.empty(3, dtype=object)
    inside[0], inside[1], inside[2] = 1.5, value, Dangerous()
    for place, graph in (('before', [Dangerous(), value]), ('after', [value, Dangerous()]), ('inside', {'data': inside})):
        base = writer.base(section, name + '.' + place)
        writer.pickles(base, name, graph, MODEL_PROTOCOLS)
        writer.joblibs(base, name, graph)


def by_value(writer):
    """Data of stock classes by the picklers that can write code by value."""
    for library in ('cloudpickle', 'dill'):
        try:
            pickler = __import__(library).Pickler
        except ImportError:
            continue
        for name, value in corpus_libraries.by_value():
            if library == 'dill' and name == 'frame':
                continue    # dill looks up the type of a slice by its name
            base = writer.base('by_value', library + '.' + name)
            for protocol in (4, 5):
                writer.put('%s.p%d.pkl' % (base, protocol), name, value, protocol, library,
                           lambda path: dump(value, path, protocol, pickler))


def environment():
    versions = {'python': '.'.join(map(str, sys.version_info[:3]))}
    if joblib:
        versions['joblib'] = joblib.__version__
    for name in LIBRARIES:
        try:
            versions[name] = __import__(name).__version__
        except ImportError:
            pass
    return versions


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('directory')
    parser.add_argument('--evil')
    parser.add_argument('--only', nargs='*', choices=sorted(SECTIONS) + ['by_value'])
    options = parser.parse_args()
    warnings.simplefilter('ignore')
    writer = Writer(options.directory)
    dark = Writer(options.evil) if options.evil else None
    for section in sorted(SECTIONS):
        if options.only and section not in options.only:
            continue
        models = section in MODELS
        try:
            for name, value in SECTIONS[section]():
                base = writer.base(section, name)
                if isinstance(value, Exception):
                    writer.failures.append('%s: %s: %s' % (base, type(value).__name__, value))
                    continue
                if section == 'variants':
                    writer.pickles(base, name, value, (4,))
                    writer.joblibs(base, name, value, ('plain',))
                    continue
                writer.pickles(base, name, value, MODEL_PROTOCOLS if models else PLAIN_PROTOCOLS)
                writer.joblibs(base, name, value, None if models else ('plain',))
                if section != 'estimators':
                    writer.other_writers(base, name, value)
                if dark and section == 'estimators':
                    evil(dark, section, name, value)
        except ImportError as error:
            writer.failures.append('%s: %s' % (section, error))
    if not options.only or 'by_value' in options.only:
        by_value(writer)
    writer.finish(environment())
    if dark:
        dark.finish(environment())


if __name__ == '__main__':
    main()
