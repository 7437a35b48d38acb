"""The sandbox under load, next to moto's server: ``python -m benchmarks.sandbox``."""
