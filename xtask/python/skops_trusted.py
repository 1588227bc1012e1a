"""Writes the types that skops trusts by default: src/skops/trusted.txt.

    python xtask/python/skops_trusted.py

Needs from PyPI: skops==0.16.0 scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1. Asks each loader for its own list.
"""

import pathlib

import numpy
import scipy
import skops
import sklearn
from skops.io import _general, _sklearn
from skops.io import _trusted_types as lists
from skops.io._utils import get_type_name

# numpy before 2.0 has some under other names.
OLD_SCALARS = ["numpy.bool_"]
OLD_MASKED = ["numpy.ma.core.MaskedArray"]

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = f"""\
# Loaders of skops and the types that each takes without being told to.
# Written by xtask/python/skops_trusted.py with skops {skops.__version__}, scikit-learn {sklearn.__version__}, \
numpy {numpy.__version__}, scipy {scipy.__version__}."""

TRUSTED = {
    "BytearrayNode": ["builtins.bytearray"],
    "BytesNode": ["builtins.bytes"],
    "DefaultDictNode": ["collections.defaultdict"],
    "DictNode": ["builtins.dict", "collections.OrderedDict"],
    "FunctionNode": lists.SCIPY_UFUNC_TYPE_NAMES + lists.NUMPY_UFUNC_TYPE_NAMES,
    "ListNode": ["builtins.list"],
    "LossNode": [get_type_name(loss) for loss in _sklearn.ALLOWED_LOSSES],
    "MaskedArrayNode": [get_type_name(numpy.ma.MaskedArray), *OLD_MASKED],
    "NdArrayNode": ["numpy.ndarray", *lists.NUMPY_DTYPE_TYPE_NAMES, *OLD_SCALARS],
    "ObjectNode": lists.SKLEARN_ESTIMATOR_TYPE_NAMES + lists.SKLEARN_INTERNAL_TYPE_NAMES,
    "RandomGeneratorNode": [get_type_name(numpy.random.Generator)],
    "RandomStateNode": [get_type_name(numpy.random.RandomState)],
    "SetNode": ["builtins.set"],
    "SparseMatrixNode": [get_type_name(scipy.sparse.spmatrix), get_type_name(scipy.sparse.sparray)],
    "TupleNode": ["builtins.tuple"],
    "TypeNode": lists.PRIMITIVE_TYPE_NAMES + lists.CONTAINER_TYPE_NAMES + lists.NUMPY_DTYPE_TYPE_NAMES + OLD_SCALARS,
}

assert _general.PROTOCOL == 2
rows = sorted({f"{loader} {name}" for loader, names in TRUSTED.items() for name in names})
(ROOT / "src/skops/trusted.txt").write_text("\n".join([HEAD, *rows]) + "\n")
