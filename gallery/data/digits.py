"""Writes digits_inputs.npy and digits_labels.npy: the data set that scikit-learn carries as
load_digits. 1797 images of handwritten digits, 8 x 8 pixels of 0 to 16, and the digits.

    pip install scikit-learn numpy
    python digits.py

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits (1998), UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, licence CC BY 4.0; the part that the
repository calls the test set.
"""

import pathlib

import numpy as np
from sklearn.datasets import load_digits

folder = pathlib.Path(__file__).parent
digits = load_digits()
np.save(folder / "digits_inputs.npy", digits.data.astype(np.uint8))
np.save(folder / "digits_labels.npy", digits.target.astype(np.uint8))
