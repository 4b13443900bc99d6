"""CPython's side of the switch bench: TASKS coroutines that each `await asyncio.sleep(0)` TURNS times. Prints ns a switch."""
import asyncio
import sys
import time


async def turns(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def main(tasks, n):
    began = time.perf_counter_ns()
    await asyncio.gather(*(turns(n) for _ in range(tasks)))
    print((time.perf_counter_ns() - began) / (tasks * n))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
