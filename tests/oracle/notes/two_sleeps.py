import asyncio
import threading
import time

# Async version (single-core)
async def async_task():
    print("Async task started")
    await asyncio.sleep(1)  # Non-blocking
    print("Async task done")

# Threading version (can use multiple cores)
def thread_task():
    print("Thread task started")
    time.sleep(1)  # Blocking (but OK in threads)
    print("Thread task done")

# Run async tasks concurrently
asyncio.run(asyncio.gather(async_task(), async_task()))

# Run threads in parallel
t1 = threading.Thread(target=thread_task)
t2 = threading.Thread(target=thread_task)
t1.start()
t2.start()
t1.join()
t2.join()
