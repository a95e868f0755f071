from tests.bench.conftest import exported

__all__ = ["exported"]
