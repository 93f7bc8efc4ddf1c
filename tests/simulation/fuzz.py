"""The fuzzer: `python -m tests.simulation.fuzz --faults 100000 --seed 1`.

It runs episodes of consecutive seeds until so many faults have happened. The first failure is made
small, and its trace printed with the command that replays it.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.episode import Failure, run, shrink


def main(argv: list[str] | None = None) -> int:
    """Fuzz or replay; 1 if a promise was broken."""
    args = parse(argv)
    if args.only is not None or args.replay:
        only = None if args.only is None else [int(n) for n in args.only.split(",") if n]
        result = run(args.seed, only, trace=True)
        print("\n".join(result.trace))
        print(describe(result.failure) if result.failure else "no promise was broken")
        return 1 if result.failure else 0
    return fuzz(args.seed, args.faults)


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests.simulation.fuzz", description=__doc__)
    parser.add_argument("--faults", type=int, default=100_000, help="how many at least")
    parser.add_argument("--seed", type=int, default=1, help="the first seed, or that to replay")
    parser.add_argument("--replay", action="store_true", help="the whole episode of the seed")
    parser.add_argument("--only", help="replay with only these faults: numbers with commas")
    return parser.parse_args(argv)


def fuzz(seed: int, faults: int) -> int:
    """Episode after episode."""
    begun, done, steps, first = time.perf_counter(), 0, 0, seed
    while done < faults:
        result = run(seed)
        if result.failure is not None:
            return report(result.failure)
        done, steps, seed = done + result.faults, steps + result.steps, seed + 1
    took = time.perf_counter() - begun
    rate = done / took * 60
    print(f"{done} faults, {steps} steps, seeds {first} to {seed - 1}: no promise was broken")
    print(f"{took:.1f} s, {rate:,.0f} faults a minute")
    return 0


def report(failure: Failure) -> int:
    """Print the smallest story that breaks the same promise."""
    print(f"seed {failure.seed}: {failure.text}; making it small ...", file=sys.stderr)
    small = shrink(failure)
    print("\n".join(run(small.seed, small.faults, trace=True).trace[-120:]))
    print(describe(small))
    return 1


def describe(failure: Failure) -> str:
    """What was broken, and how to see it again."""
    faults = ",".join(str(number) for number in failure.faults)
    again = f'python -m tests.simulation.fuzz --seed {failure.seed} --only "{faults}"'
    return f"BROKEN {failure.text}\nreplay: {again}"


if __name__ == "__main__":
    sys.exit(main())
