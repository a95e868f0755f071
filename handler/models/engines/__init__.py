"""What computes a network: OpenVINO, ONNX Runtime, and torch's devices."""
