"""Writes the files beside it: objects of a project's own classes, as `pickle` writes them. Needs nothing but Python.

`vetted-*.pkl` are five of one class, `other.pkl` is of another class, `called.pkl` is of the same class by a call, and
`many-*.pkl` hold one object of each kind at the protocols 0, 2 and 4.
"""

import collections
import enum
import pickle
import sys
import types
from pathlib import Path

models = types.ModuleType("acme.models")
sys.modules["acme"] = types.ModuleType("acme")
sys.modules["acme"].models = sys.modules["acme.models"] = models


def own(thing):
    """Makes it look as if it stood in acme.models."""
    thing.__module__ = "acme.models"
    thing.__qualname__ = thing.__name__
    setattr(models, thing.__name__, thing)
    return thing


@own
class Churn:
    def __init__(self, threshold, names, model=None):
        self.threshold, self.names, self.model = threshold, names, model


@own
class Called(Churn):
    def __reduce__(self):
        return Churn, (self.threshold, self.names)


@own
class Other:
    def __init__(self):
        self.threshold = 0.5


@own
class Slotted:
    __slots__ = ("size", "name")

    def __init__(self):
        self.size, self.name = 1, "x"


@own
class Settings(dict):
    pass


@own
class Point(collections.namedtuple("Point", "x y")):
    pass


@own
class Color(enum.Enum):
    RED = 1


@own
class Node:
    def __init__(self):
        self.me, self.children = self, []


@own
class Key:
    def __init__(self, number):
        self.number = number

    def __hash__(self):
        return hash(self.number)

    def __eq__(self, other):
        return self.number == other.number


@own
def rebuild(kind, count):
    return [kind] * count


@own
class Rebuilt:
    def __reduce__(self):
        return rebuild, ("fast", 3)


@own
def score(x):
    return x


def dump(name, thing, protocol):
    (Path(__file__).parent / name).write_bytes(pickle.dumps(thing, protocol))


for number, protocol in enumerate([0, 1, 2, 4, 5]):
    model = None if number % 2 else {1: "z"}
    dump(f"vetted-{number}.pkl", Churn(0.5 + number, ["a"] * number, model), protocol)
dump("other.pkl", Other(), 4)
dump("called.pkl", Called(0.5, ["a"]), 4)
for protocol in [0, 2, 4]:
    node = Node()
    node.children.append(node)
    many = [Settings(a=1), Point(1, 2), Color.RED, node, {Key(3): 1}, Rebuilt(), score, Other]
    dump(f"many-{protocol}.pkl", many + ([Slotted()] if protocol else []), protocol)
