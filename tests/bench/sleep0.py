"""CPython's side of the switch bench: TASKS coroutines that each `await asyncio.sleep(0)` TURNS times. Prints ns a switch, and ns of CPU time."""
import asyncio
import sys
import time


async def turns(n):
    for _ in range(n):
        await asyncio.sleep(0)


async def main(tasks, n):
    began, cpu = time.perf_counter_ns(), time.thread_time_ns()
    await asyncio.gather(*(turns(n) for _ in range(tasks)))
    print((time.perf_counter_ns() - began) / (tasks * n), (time.thread_time_ns() - cpu) / (tasks * n))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
