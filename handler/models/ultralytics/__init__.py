"""Models of ultralytics, run by the library itself."""
