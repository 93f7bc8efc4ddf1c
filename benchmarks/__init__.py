"""What is measured, beside a C floor and supervisord, in one run: `python -m benchmarks`."""
