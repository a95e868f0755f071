"""Oriented detectors of MMRotate, of either generation."""
