"""Networks exported to OpenVINO or ONNX."""
