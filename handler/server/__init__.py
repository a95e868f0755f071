"""The embedded HTTP server."""
