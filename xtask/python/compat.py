"""Prints the rows of `src/resolve/compat.txt` that this interpreter knows: see `cargo xtask compat`."""
import _compat_pickle

for (module, name), (new_module, new_name) in _compat_pickle.NAME_MAPPING.items():
    print(module, name, new_module, new_name, sep="\t")
for module, new_module in _compat_pickle.IMPORT_MAPPING.items():
    print(module, "*", new_module, "*", sep="\t")
