"""The rules about what a function needs beside its function.yaml."""
