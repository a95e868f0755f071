"""The layers of YOLOv5's own repository, as far as answering needs them.

A `.pt` of that repository pickles instances of its classes: the weights, and the numbers that
describe a layer. These classes stand in for them; they have the attributes of the pickle and say
how a layer computes. Sources: the architecture files `models/*.yaml` of releases 1 to 7, and for
each layer the paper or release that describes it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn


class Layer(nn.Module):
    """A layer whose attributes come from the pickle."""

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...


class Conv(Layer):
    """Convolution, batch norm (unless fused into it), activation."""

    def forward(self, x: Tensor) -> Any:
        x = self.conv(x)
        return self.act(self.bn(x) if hasattr(self, "bn") else x)


class Bottleneck(Layer):
    """Two convolutions, with the input added where `add` says so. Also CrossConv."""

    def forward(self, x: Tensor) -> Any:
        inner = self.cv2(self.cv1(x))
        return x + inner if self.add else inner


class C3(Layer):
    """A cross stage partial block with three convolutions; `m` is what its first path runs."""

    def forward(self, x: Tensor) -> Any:
        return self.cv3(torch.cat([self.m(self.cv1(x)), self.cv2(x)], 1))


class BottleneckCSP(Layer):
    """A cross stage partial block with batch norm after the paths join (arXiv 1911.11929)."""

    def forward(self, x: Tensor) -> Any:
        paths = torch.cat([self.cv3(self.m(self.cv1(x))), self.cv2(x)], 1)
        return self.cv4(self.act(self.bn(paths)))


class SPP(Layer):
    """Spatial pyramid pooling: the input beside its poolings (arXiv 1406.4729)."""

    def forward(self, x: Tensor) -> Any:
        x = self.cv1(x)
        return self.cv2(torch.cat([x, *(pool(x) for pool in self.m)], 1))


class SPPF(Layer):
    """The same by one small pooling, three times over."""

    def forward(self, x: Tensor) -> Any:
        pooled = [self.cv1(x)]
        for _ in range(3):
            pooled.append(self.m(pooled[-1]))
        return self.cv2(torch.cat(pooled, 1))


class Focus(Layer):
    """The pixels of each 2x2 square side by side as channels, then a convolution."""

    def forward(self, x: Tensor) -> Any:
        squares = [x[..., row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.conv(torch.cat(squares, 1))


class GhostConv(Layer):
    """Half of the channels, and a cheap convolution of them (arXiv 1911.11907)."""

    def forward(self, x: Tensor) -> Any:
        x = self.cv1(x)
        return torch.cat([x, self.cv2(x)], 1)


class GhostBottleneck(Layer):
    """`conv` and `shortcut`, added (arXiv 1911.11907)."""

    def forward(self, x: Tensor) -> Any:
        return self.conv(x) + self.shortcut(x)


class TransformerLayer(Layer):
    """Self-attention and two linear layers without norms (arXiv 2010.11929)."""

    def forward(self, x: Tensor) -> Any:
        x = x + self.ma(self.q(x), self.k(x), self.v(x))[0]
        return x + self.fc2(self.fc1(x))


class TransformerBlock(Layer):
    """Transformer layers over the places of a feature map."""

    def forward(self, x: Tensor) -> Any:
        if self.conv is not None:
            x = self.conv(x)
        places = x.flatten(2).permute(2, 0, 1)
        attended = self.tr(places + self.linear(places))
        return attended.permute(1, 2, 0).reshape(x.shape[0], -1, *x.shape[2:])


class Concat(Layer):
    """Feature maps side by side, along dimension `d`."""

    def forward(self, x: Sequence[Tensor]) -> Tensor:
        return torch.cat(list(x), self.d)


class Proto(Layer):
    """The prototypes of masks (arXiv 1904.02689)."""

    def forward(self, x: Tensor) -> Any:
        return self.cv3(self.cv2(self.upsample(self.cv1(x))))


class Classify(Layer):
    """The head of a classifier: convolution, pooling, a linear layer."""

    def forward(self, x: Any) -> Any:
        if isinstance(x, list):
            x = torch.cat(x, 1)
        return self.linear(self.pool(self.conv(x)).flatten(1))


class Detect(Layer):
    """The head of a detector with anchors: of each place and anchor a box, a score and classes.

    anchors: (levels, anchors, 2), width and height in strides. stride: (levels,) pixels.
    nc: how many classes. no: how many numbers an anchor has, 5 + nc and those that follow.
    """

    def forward(self, x: list[Tensor]) -> Tensor:
        """Return (1, n, no): centre, width, height in pixels; objectness, classes 0..1; the rest.

        With t the outputs' sigmoid, a centre is (2 t - 0.5 + place) * stride and a size
        (2 t)^2 * anchor: issue 471 of ultralytics/yolov5.
        """
        found = []
        for layer, features, anchors, stride in zip(
            self.m, x, self.anchors, self.stride, strict=True
        ):
            raw = layer(features)
            rows, columns = raw.shape[2:]
            raw = raw.view(len(anchors), self.no, rows, columns).permute(0, 2, 3, 1)
            t = raw[..., : self.nc + 5].sigmoid()
            y, x_ = torch.meshgrid(
                torch.arange(rows, device=raw.device),
                torch.arange(columns, device=raw.device),
                indexing="ij",
            )
            centre = (2 * t[..., :2] - 0.5 + torch.stack([x_, y], -1)) * stride
            size = (2 * t[..., 2:4]) ** 2 * (anchors * stride)[:, None, None]
            numbers = torch.cat([centre, size, t[..., 4:], raw[..., self.nc + 5 :]], -1)
            found.append(numbers.reshape(1, -1, self.no))
        return torch.cat(found, 1)


class Segment(Detect):
    """A detector's head whose boxes end in coefficients of the prototypes that `proto` gives."""

    def forward(self, x: list[Tensor]) -> Any:
        prototypes = self.proto(x[0])
        return super().forward(x), prototypes


class Network(Layer):
    """The layers in order; each has its place `i` and takes the outputs `f`, -1 the one before.

    `save` are the places whose outputs are needed later.
    """

    def forward(self, x: Tensor) -> Any:
        kept: dict[int, Any] = {}
        for layer in self.model:
            sources = [x if source == -1 else kept[source % layer.i] for source in _sources(layer)]
            x = layer(sources if isinstance(layer.f, list) else sources[0])
            if layer.i in self.save:
                kept[layer.i] = x
        return x


def _sources(layer: Any) -> list[int]:
    return list(layer.f) if isinstance(layer.f, list) else [layer.f]


STAND_INS: dict[str, type[nn.Module]] = {
    "common.Conv": Conv,
    "common.DWConv": Conv,
    "common.Bottleneck": Bottleneck,
    "common.BottleneckCSP": BottleneckCSP,
    "common.C3": C3,
    "common.C3Ghost": C3,
    "common.C3SPP": C3,
    "common.C3TR": C3,
    "common.C3x": C3,
    "common.Classify": Classify,
    "common.Concat": Concat,
    "common.CrossConv": Bottleneck,
    "common.Focus": Focus,
    "common.GhostBottleneck": GhostBottleneck,
    "common.GhostConv": GhostConv,
    "common.Proto": Proto,
    "common.SPP": SPP,
    "common.SPPF": SPPF,
    "common.TransformerBlock": TransformerBlock,
    "common.TransformerLayer": TransformerLayer,
    "experimental.CrossConv": Bottleneck,
    "experimental.GhostBottleneck": GhostBottleneck,
    "experimental.GhostConv": GhostConv,
    "yolo.ClassificationModel": Network,
    "yolo.Detect": Detect,
    "yolo.DetectionModel": Network,
    "yolo.Model": Network,
    "yolo.Segment": Segment,
    "yolo.SegmentationModel": Network,
}
