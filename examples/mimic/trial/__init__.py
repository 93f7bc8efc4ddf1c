"""The platform tried without a token: `make`, `make say`, `make check`, `make doors`."""
