#!/usr/bin/env python3
"""Record which classes run code of their own when a file is loaded.

    python hooks.py OBSERVED.json HOOKS.json

Run in every environment of the corpus, after observe.py: adds to HOOKS.json, for each class in OBSERVED.json that can
be imported here, the classes that define its ``__setstate__`` and, where they are not plain Python's, its ``__new__``,
``__del__`` and ``__setattr__``. tables.py adds no class from observation whose ``__setstate__`` it does not know.
"""
import importlib
import json
import os
import sys
import warnings

HOOKS = ('__setstate__', '__new__', '__del__', '__setattr__')


def definer(cls, hook):
    """The class in whose body the hook stands, unless that is a type of Python itself."""
    for base in cls.__mro__:
        if hook in vars(base):
            return None if base.__module__ in ('builtins', '__builtin__') else base.__module__ + '.' + base.__name__


def main():
    warnings.simplefilter('ignore')
    with open(sys.argv[1]) as handle:
        symbols = json.load(handle)['symbols']
    found = {}
    if os.path.exists(sys.argv[2]):
        with open(sys.argv[2]) as handle:
            found = json.load(handle)
    for symbol in symbols:
        module, _, name = symbol.rpartition('.')
        try:
            cls = getattr(importlib.import_module(module), name)
        except Exception:
            continue
        if isinstance(cls, type):
            row = found.setdefault(symbol, {})
            for hook in HOOKS:
                where = definer(cls, hook)
                if where and where not in row.setdefault(hook, []):
                    row[hook] = sorted(row[hook] + [where])
    with open(sys.argv[2], 'w') as handle:
        json.dump({symbol: {hook: where for hook, where in row.items() if where} for symbol, row in found.items()}, handle, indent=1, sort_keys=True)


if __name__ == '__main__':
    main()
