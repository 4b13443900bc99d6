# Two sleeps, the half with coroutines. Repaired: asyncio.run takes a coroutine, and gather makes none; it needs a main.
import asyncio
import threading

async def async_task():
    print("Async task started")
    await asyncio.sleep(1)
    print("Async task done")

async def main():                                           # repaired
    await asyncio.gather(async_task(), async_task())        # repaired

asyncio.run(main())                                         # repaired: was asyncio.run(asyncio.gather(async_task(), async_task()))
print("threads:", threading.active_count())
