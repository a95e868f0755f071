"""Put a trained detector into CVAT's auto-annotation through Nuclio."""
