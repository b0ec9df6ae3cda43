"""The .npy files that the reader of the gallery is tested with.

    python3 gallery/data/npy.py   # writes gallery/data/npy/

Needs NumPy (2.4.6 was used). The numbers stand in gallery/src/npy_tests.rs, too.
"""
from pathlib import Path

import numpy as np

folder = Path(__file__).resolve().parent / "npy"
folder.mkdir(parents=True, exist_ok=True)
NUMBERS = {
    "f": [[0.5, -1.25], [2, 3], [1024, -0.0625]],
    "i": [[0, 1], [-2, 3], [5, -100]],
    "u": [[0, 1], [2, 3], [5, 200]],
    "b": [[0, 1], [1, 1], [0, 0]],
}
for code in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split():
    matrix = np.array(NUMBERS[code[0]])
    name = np.dtype(code).name
    np.save(folder / f"matrix_{name}.npy", matrix.astype("<" + code))
    np.save(folder / f"matrix_{name}_big_columns.npy", np.asfortranarray(matrix.astype(">" + code)))
    np.save(folder / f"list_{name}.npy", matrix[:, 1].astype(code))
np.save(folder / "list_column.npy", np.array(NUMBERS["i"])[:, 1:])
np.save(folder / "large_int64.npy", np.array([2**53, -(2**53), 2**62]))
np.save(folder / "large_uint64.npy", np.array([2**53, 2**63], dtype="u8"))

np.save(folder / "bad_complex.npy", np.ones(3, dtype="c8"))
np.save(folder / "bad_long_double.npy", np.ones(3, dtype="f16"))
np.save(folder / "bad_text.npy", np.array(["cat", "dog"]))
np.save(folder / "bad_records.npy", np.ones(2, dtype=[("x", "f8"), ("y", "i4")]))
np.save(folder / "bad_dates.npy", np.array(["2020-01-01"], dtype="M8[D]"))
np.save(folder / "bad_objects.npy", np.array([None, 1], dtype=object))
np.save(folder / "bad_inexact_int64.npy", np.array([1, 2**53 + 1]))
np.save(folder / "bad_inexact_uint64.npy", np.array([2**64 - 1], dtype="u8"))
np.save(folder / "bad_three_dimensions.npy", np.zeros((2, 2, 2)))
whole = (folder / "list_float64.npy").read_bytes()
(folder / "bad_truncated.npy").write_bytes(whole[:-3])
(folder / "bad_header.npy").write_bytes(whole[:40])
(folder / "bad_no_array.npy").write_bytes(b"my thesis\n")
