"""What runs pictures of a shape: a network compiled for every shape, or for that one alone.

Compiled for any shape, a network takes 1 to 8 % longer in float32, more the smaller it is, and
shares one copy of the weights among all shapes; compiled for one, it has a copy of its own, in the
order that suits it. `docs/performance.md` has the measurements.
"""

import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import numpy as np
import openvino

from handler.models.engines.idle import Idle

Shape = tuple[int, int]  # height and width

# Compiles the network for pictures of a shape; of any, given None.
Compile = Callable[[Shape | None], Any]

_RECENT = 32  # frames
_FREQUENT = 8  # of these, from which on a shape has a network of its own
_STARTED = 2  # frames, of which a start consists: the network for all shapes follows
_SETTLED = 4  # frames, after which there will be more: those before may be a command's
_PATIENCE = 3.0  # seconds


class Networks(Protocol):
    """The networks that are compiled."""

    def request(self, shape: Shape) -> Any:
        """Return the inference request that runs pictures of a shape; compile it if need be.

        Raises:
            RuntimeError: OpenVINO does not run this network.
        """


class OfOneShape:
    """A network for each shape; at most `most` at a time, those that were asked for last."""

    def __init__(self, compiled: Compile, most: int) -> None:
        self._compile = compiled
        self._most = most
        self._requests: OrderedDict[Shape, Any] = OrderedDict()

    def request(self, shape: Shape) -> Any:
        """Return the request of a shape, which waits for a compilation if it is new."""
        if shape not in self._requests:
            if len(self._requests) >= self._most:
                self._requests.popitem(last=False)
            self._requests[shape] = self._compile(shape).create_infer_request()
        self._requests.move_to_end(shape)
        return self._requests[shape]


class OfAnyShape:
    """One network for all shapes, and beside it one each for the `most` frequent ones.

    The first shape has its own at once where `most` allows one: that is compiled sooner than the
    one for all, which then follows while no frame is computed. So do those of other frequent
    shapes, and a first run of the likely ones: what they need besides the weights is made there.
    """

    def __init__(self, compiled: Compile, idle: Idle, most: int, likely: Sequence[Shape]) -> None:
        self._compile = compiled
        self._idle = idle
        self._most = most
        self._likely = likely
        self._frames = 0
        self._recent: deque[Shape] = deque(maxlen=_RECENT)
        self._own: dict[Shape, Any] = {}
        self._coming: Shape | None = None
        self._compiling = threading.Lock()
        self._network: Any = None
        self._request: Any = None

    def request(self, shape: Shape) -> Any:
        """Return the request of a shape; none waits for a network of its own but the first."""
        self._frames += 1
        self._recent.append(shape)
        if self._frames == 1 and self._most:
            self._compile_own(shape)
        if self._frames == _STARTED:
            self._idle.add(self._any, _PATIENCE)
        if self._frames == _SETTLED:
            for likely in self._likely:
                self._idle.add(partial(self._run_first, likely))
        if shape in self._own:
            return self._own[shape]
        self._consider(shape)
        return self._any()

    def _consider(self, shape: Shape) -> None:
        """Have a network compiled for a shape, if it is frequent, in the place of a rarer one's."""
        counts = Counter(self._recent)
        if self._coming is not None or not self._most or counts[shape] < _FREQUENT:
            return
        rarest = min(self._own, key=lambda own: counts[own], default=shape)
        if len(self._own) < self._most or 2 * counts[rarest] < counts[shape]:
            self._coming = shape
            self._idle.add(self._compile_coming, _PATIENCE)

    def _compile_coming(self) -> None:
        counts = Counter(self._recent)
        shape, self._coming = self._coming, None
        assert shape is not None  # noqa: S101 - for mypy
        if len(self._own) >= self._most:
            del self._own[min(self._own, key=lambda own: counts[own])]
        self._compile_own(shape)

    def _compile_own(self, shape: Shape) -> None:
        with self._compiling:
            self._own[shape] = self._compile(shape).create_infer_request()

    def _any(self) -> Any:
        """Return the request of any shape; it waits where it is being compiled."""
        with self._compiling:
            if self._request is None:
                self._network = self._compile(None)
                self._request = self._network.create_infer_request()
        return self._request

    def _run_first(self, shape: Shape) -> None:
        if shape not in self._own:
            self._any()
            blank = np.zeros((1, *shape, 3), np.uint8)
            self._network.create_infer_request().infer([openvino.Tensor(blank)])
