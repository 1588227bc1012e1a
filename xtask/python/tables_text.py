"""Reads and writes the paragraphs of the policy's tables."""
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
HAND = ROOT / "xtask" / "tables"
OUT = ROOT / "src" / "policy" / "tables"


def read(name):
    """The head and the paragraphs of a table that is written by hand."""
    head, paragraphs, key = [], {}, None
    for line in (HAND / f"{name}.txt").read_text().splitlines():
        if line and line[0] not in " #":
            key = line.split()[0]
            paragraphs[key] = [line]
        elif key is None:
            head.append(line)
        elif line.strip():
            paragraphs[key].append(line)
    return head, {key: "\n".join(lines) for key, lines in paragraphs.items()}


# Every entry that was written: its symbol, what it is another name for, and whether it was written by hand.
WRITTEN = {}


def write(name, head, paragraphs):
    by_hand = set(read(name)[1])
    for key, text in paragraphs.items():
        target = text.split("\n  = ", 1)[1].strip() if "\n  = " in text else None
        # An alias of an alias leads straight to the entry.
        while target in paragraphs and "\n  = " in paragraphs[target]:
            target = paragraphs[target].split("\n  = ", 1)[1].strip()
            paragraphs[key] = f"{key}\n  = {target}"
    for key, text in paragraphs.items():
        WRITTEN[key] = (text.split("\n  = ", 1)[1].strip() if "\n  = " in text else None, key in by_hand)
    head = head + [f"# Written by xtask/python/tables.py from xtask/tables/{name}.txt and what it adds: change those."]
    text = "\n".join(head) + "\n" + "\n".join(paragraphs[key] for key in sorted(paragraphs)) + "\n"
    (OUT / f"{name}.txt").write_text(text)


def add(paragraphs, key, *clauses):
    """Adds a paragraph, unless one is written by hand."""
    paragraphs.setdefault(key, key + "".join("\n  " + clause for clause in clauses))


def write_needs(observed):
    """Says for each entry which file needs it, or why there is none."""
    lines = ["# Why each entry is there: a file of the corpus (environment/section/file) that needs it, or the reason why it stands",
             "# in the tables without one. Written by xtask/python/tables.py."]
    for symbol, (target, by_hand) in sorted(WRITTEN.items()):
        files = observed.get(symbol, {}).get("files")
        if files:
            why = min(files, key=lambda path: (len(path), path))
        elif target:
            why = f"= {target}"
        else:
            why = "- by hand, for versions and forms between those of the corpus" if by_hand else "- one of a family that tables.py names"
        lines.append(f"{symbol} {why}")
    (OUT.parent / "tests" / "needs.txt").write_text("\n".join(lines) + "\n")
