"""What this interpreter looks up for a name: see `cargo xtask names`.

Standard input: a JSON list of [protocol, fix_imports, module, name]. Standard output: for each of them what the C engine
and the Python engine do, each a list: the module that is imported, then the attributes that are fetched, one from the
other; `null` at the end where the load fails. `find_class` is the stock one; `__import__` is replaced, and what it gives
for any module records the attributes that it is asked for. Nothing is imported.
"""
import _pickle
import builtins
import json
import pickle
import struct
import sys

LOG = []


class Recorder(object):
    """A module, or what is found in one."""

    def __getattribute__(self, name):
        # The import system looks whether a module is still being made.
        if name == "__spec__":
            raise AttributeError(name)
        LOG.append(name)
        return Recorder()


def text(value):
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def stream(protocol, module, name):
    """The name, asked for at a protocol that another one came before."""
    return b"\x80\x05\x80" + bytes([protocol]) + text(module) + text(name) + b"\x93."


def look_up(unpickler, data, fix_imports):
    """What the load of one stream asks for."""
    del LOG[:]
    placed = {}

    def record(name, *rest, **keywords):
        LOG.append(name)
        placed.setdefault(name, sys.modules.get(name))
        sys.modules[name] = Recorder()

    genuine = builtins.__import__
    builtins.__import__ = record
    try:
        result = unpickler(data, fix_imports)
        assert type(result) is Recorder
    except Exception:
        LOG.append(None)
    finally:
        builtins.__import__ = genuine
        for name, module in placed.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return list(LOG)


def main():
    engines = [
        lambda data, fix: _pickle.loads(data, fix_imports=fix),
        lambda data, fix: pickle._loads(data, fix_imports=fix),
    ]
    answers = []
    for protocol, fix_imports, module, name in json.load(sys.stdin):
        data = stream(protocol, module, name)
        answers.append([look_up(engine, data, fix_imports) for engine in engines])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
