"""torchvision's detectors, and TorchScript that answers as they do."""
