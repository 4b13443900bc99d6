# A blocking call in a coroutine: "blocking code freezes the event loop". And what it cost a coroutine that only wanted 10 ms.
import asyncio
import time

async def legacy(n):
    time.sleep(0.5)                                         # no await
    print(f"legacy#{n} is done")

async def main():
    await asyncio.gather(legacy(0), legacy(1), legacy(2))

asyncio.run(main())
