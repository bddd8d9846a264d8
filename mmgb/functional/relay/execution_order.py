"""The order in which the modules at range boundaries run in a forward pass."""

from __future__ import annotations

import math

import torch

from ..errors import ConfigError


class ExecutionOrder:
    """Positions of the lowest modules and the sources in one forward pass.

    A module is named by its role (``'lowest'`` or ``'source'``) and its path: one module can have both roles.
    """

    def __init__(self) -> None:
        self._positions: dict[tuple[str, str], int] = {}
        self._needs_gradients = torch.is_grad_enabled()

    def record(self, role: str, path: str) -> None:
        """Append a module that runs now.

        Raises:
            ConfigError: if the module has run before, or runs without gradients although the forward pass began with
                them.
        """
        if self._needs_gradients and not torch.is_grad_enabled():
            raise ConfigError(
                f'{role}={path!r}: expected a module that runs with gradients enabled, got one that runs without, as '
                'inside a reentrant activation checkpoint; call torch.utils.checkpoint with use_reentrant=False'
            )
        if (role, path) in self._positions:
            raise ConfigError(
                f'{role}={path!r}: expected a module that runs once per forward pass, got one that runs several times'
            )
        self._positions[role, path] = len(self._positions)

    def position(self, role: str, path: str) -> int:
        """Return when a module ran.

        Raises:
            ConfigError: if it did not run.
        """
        if (role, path) not in self._positions:
            raise ConfigError(f'{role}={path!r}: expected a module that the forward pass calls, but it did not run')
        return self._positions[role, path]

    def start(self, lowest: str | None) -> float:
        """Return the position at which a loss ends; minus infinity if it reaches the bottom of the model."""
        return -math.inf if lowest is None else self.position('lowest', lowest)

    def lowest_at(self, position: float) -> str:
        """Return the path of the lowest module that ran at a position."""
        return next(path for (_, path), found in self._positions.items() if found == position)
