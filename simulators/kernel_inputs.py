"""Arrays that people bring: NumPy or torch, float32 or float64, checked once and given back as they came."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .measurement import MeasurementError

KINDS = {torch.float32, torch.float64}


def taken(given: Any, name: str) -> Tensor:
    """The array as a tensor of float32 or float64; integers and booleans of either library count as float64.

    Raises `MeasurementError` for other numbers, for masked arrays and for gradients.
    """
    tensor = given if isinstance(given, Tensor) else _from_numpy(given, name)
    if tensor.dtype not in KINDS and not tensor.is_floating_point() and not tensor.is_complex():
        tensor = tensor.double()
    if tensor.dtype not in KINDS:
        raise MeasurementError(
            f"{name} of dtype {str(tensor.dtype).removeprefix('torch.')}", "float32, float64 or integers; convert it"
        )
    if tensor.requires_grad:
        raise MeasurementError(f"{name} that requires gradients", f"none, for none flows; pass {name}.detach()")
    return tensor


def checked(given: Any, name: str) -> tuple[Tensor, torch.dtype]:
    """The array as a tensor (n, d), and the dtype of the result; integers count as float64.

    Raises `MeasurementError` for another shape or dtype, for gradients, NaN and infinities.
    """
    tensor = taken(given, name)
    if tensor.ndim != 2:
        remedy = f"reshape({'1' if tensor.ndim < 2 else f'len({name})'}, -1)"
        what = "for a single row" if tensor.ndim < 2 else "for a row of each; images go to ConvolutionalTangentKernel"
        raise MeasurementError(
            f"{name} of shape {tuple(tensor.shape)}", f"(rows, features); write {name}.{remedy} {what}"
        )
    bad = torch.nonzero(~torch.isfinite(tensor))
    if len(bad):
        row, column = (int(k) for k in bad[0])
        raise MeasurementError(
            f"{name}[{row}, {column}] = {float(tensor[row, column])}", "finite numbers; impute or drop what is missing"
        )
    return tensor, tensor.dtype


def checked_pair(x: Any, y: Any) -> tuple[tuple[Tensor, Tensor | None], torch.dtype]:
    """X and Y (or None) of one library, device and number of features, and the dtype of the result.

    That is the wider one where the two differ.
    """
    left, dtype = checked(x, "X")
    if y is None:
        return (left, None), dtype
    right, other = checked(y, "Y")
    for what, mine, its in (
        ("library", *("torch" if isinstance(a, Tensor) else "NumPy" for a in (x, y))),
        ("device", left.device, right.device),
    ):
        if mine != its:
            raise MeasurementError(f"X and Y of {what} {mine} and {its}", f"one {what}; convert one of them")
    if left.shape[1] != right.shape[1]:
        raise MeasurementError(
            f"X with {left.shape[1]} and Y with {right.shape[1]} features",
            "the same features in both; check that rows are samples and columns features",
        )
    return (left, right), torch.promote_types(dtype, other)


def two_rows(x: Any, y: Any) -> tuple[Any, Any] | None:
    """Two single rows (d,), as scikit-learn's callable metrics hand them over, as arrays (1, d); None for all else."""
    try:
        if y is None or np.ndim(x) != 1 or np.ndim(y) != 1:
            return None
    except ValueError:  # a ragged list: not a row
        return None
    left, right = (a[None] if isinstance(a, Tensor | np.ndarray) else [a] for a in (x, y))
    return left, right


def as_given(result: Tensor, given: Any) -> Any:
    """The result in the library of what was given."""
    return result if isinstance(given, Tensor) else result.cpu().numpy()


def _from_numpy(given: Any, name: str) -> Tensor:
    if isinstance(given, np.ma.MaskedArray):
        raise MeasurementError(f"{name}, a masked array", f"no mask; impute or drop what is missing, then {name}.data")
    try:
        array = np.asarray(given)
    except ValueError as ragged:
        raise MeasurementError(f"{name}: {ragged}", "an array (rows, features)") from None
    if array.dtype.kind in "iub":
        array = array.astype(np.float64)
    if array.dtype.kind != "f" or array.dtype.itemsize not in (4, 8):
        raise MeasurementError(
            f"{name} of dtype {array.dtype} ({type(given).__name__})",
            "an array of float32, float64 or integers; convert it",
        )
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return torch.from_numpy(np.require(array, requirements=["C", "W"]) if array.size else array.copy())
