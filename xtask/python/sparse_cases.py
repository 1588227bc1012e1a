"""Sparse matrices for the tests of `model::check`: as scipy makes them, and with a number changed in each.

    python3 xtask/python/sparse_cases.py tests/data/views

Nobody looks at a matrix between the change and the file.
"""

import copyreg
import pickle
import sys
from pathlib import Path

import numpy
from scipy import sparse

FORMATS = ["csr", "csc", "bsr", "coo", "dia", "lil", "dok"]


def dense():
    numbers = numpy.zeros((4, 6))
    numbers[0, 1], numbers[1, 0], numbers[1, 5], numbers[3, 2], numbers[3, 3] = 1.5, 2.5, 3.5, 4.5, 5.5
    return numbers


def honest():
    made = {}
    for form in FORMATS:
        made[form] = getattr(sparse, form + "_matrix")(dense())
        made[form + "_array"] = getattr(sparse, form + "_array")(dense())
        made[form + "_empty"] = getattr(sparse, form + "_matrix")((3, 2))
    made["bsr_blocks"] = sparse.bsr_matrix(dense(), blocksize=(2, 3))
    made["line"] = sparse.csr_array(dense()[1])
    made["line_coo"] = sparse.coo_array(dense()[1])
    made["line_dok"] = sparse.dok_array(dense()[1])
    made["solid"] = sparse.coo_array(dense().reshape(2, 2, 6))
    made["long"] = sparse.csr_matrix(dense().astype("f4"))
    made["long"].indices = made["long"].indices.astype("i8")
    made["long"].indptr = made["long"].indptr.astype("i8")
    # Room behind the last element, as some operations leave it.
    room = made["room"] = sparse.csr_matrix(dense())
    room.indices = numpy.append(room.indices, [77, -1]).astype("i4")
    room.data = numpy.append(room.data, [0.0, 0.0])
    return made


def forged():
    made = {}

    def change(name, form, how, **extra):
        matrix = getattr(sparse, form + "_matrix")(dense(), **extra)
        how(matrix)
        made[name] = matrix

    def put(attribute, at, number):
        def how(matrix):
            getattr(matrix, attribute)[at] = number

        return how

    def cut(attribute, to):
        def how(matrix):
            setattr(matrix, attribute, getattr(matrix, attribute)[:to])

        return how

    change("column", "csr", put("indices", 2, 6))
    change("below", "csc", put("indices", 0, -1))
    change("start", "csr", put("indptr", 0, 1))
    change("shrinks", "csr", put("indptr", 2, 0))
    change("end", "csr", put("indptr", 4, 1000))
    change("pointers", "csr", cut("indptr", 3))
    change("data", "csr", cut("data", 2))
    change("spare", "csr", lambda matrix: setattr(matrix, "data", numpy.append(matrix.data, 0.0)))
    change("block", "bsr", put("indices", 0, 2), blocksize=(2, 3))
    change("row", "coo", lambda matrix: matrix.coords[0].__setitem__(1, 4))
    change("lengths", "coo", cut("data", 3))
    change("diagonals", "dia", cut("data", 1))
    change("list", "lil", lambda matrix: matrix.rows[1].__setitem__(1, 6))
    change("lists", "lil", lambda matrix: matrix.data[3].pop())
    change("rows", "lil", cut("rows", 2))
    change("key", "dok", lambda matrix: matrix._dict.__setitem__((0, 6), 1.0))
    return made


def main():
    to = Path(sys.argv[1])
    for name, made in [("sparse", honest()), ("sparse_forged", forged())]:
        with (to / (name + ".pkl")).open("wb") as file:
            pickler = pickle.Pickler(file, 4)
            # Its own way looks at each key.
            pickler.dispatch_table = {sparse.dok_matrix: lambda matrix: (copyreg.__newobj__, (type(matrix),), vars(matrix))}
            pickler.dump(made)


if __name__ == "__main__":
    main()
