"""What happens: simulators measure observables with error bars and never see a claim.

`TangentKernel` and its companions are here for people who only want the kernel; nothing heavy is loaded before they
are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .convolutional_kernel import ConvolutionalTangentKernel
    from .empirical_kernel import empirical_tangent_kernel
    from .infinite_width import Activation, TangentKernel, layers, tangent_kernel_ball
    from .measurement import MeasurementError
    from .wide_net_law import finite_width_kernels

__all__ = [
    "Activation",
    "ConvolutionalTangentKernel",
    "MeasurementError",
    "TangentKernel",
    "empirical_tangent_kernel",
    "finite_width_kernels",
    "layers",
    "tangent_kernel_ball",
]

EXPORTS = {
    "Activation": "infinite_width",
    "ConvolutionalTangentKernel": "convolutional_kernel",
    "empirical_tangent_kernel": "empirical_kernel",
    "finite_width_kernels": "wide_net_law",
    "MeasurementError": "measurement",
    "TangentKernel": "infinite_width",
    "layers": "infinite_width",
    "tangent_kernel_ball": "infinite_width",
}
"""Public name -> the module of this room that defines it."""


def __getattr__(name: str) -> Any:
    if name in EXPORTS:
        return getattr(import_module(f".{EXPORTS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it exports {', '.join(sorted(EXPORTS))}")


def __dir__() -> list[str]:
    return sorted([*globals(), *EXPORTS])
