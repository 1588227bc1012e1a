"""Says what pickletools makes of pickle streams: one per line of standard input, in hexadecimal; one answer per line.

An answer is `refuses`, or the argument of the first opcode as `repr` writes it. Nothing is loaded.
"""
import io
import pickletools
import sys


def answer(stream):
    try:
        pickletools.dis(stream, io.StringIO())
    except Exception:  # whatever it raises, it gives up
        return "refuses"
    _, argument, _ = next(pickletools.genops(stream))
    return repr(argument)


for line in sys.stdin:
    print(answer(bytes.fromhex(line)))
