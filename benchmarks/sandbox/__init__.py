"""The sandbox under load, compared with moto's server: ``python -m benchmarks.sandbox``."""
