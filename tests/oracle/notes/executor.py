import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

def blocking_task():
    time.sleep(2)  # Simulate CPU-bound work
    return "Done"

async def main():
    loop = asyncio.get_event_loop()
    with ThreadPoolExecutor() as pool:
        result = await loop.run_in_executor(pool, blocking_task)
        print(result)

asyncio.run(main())
