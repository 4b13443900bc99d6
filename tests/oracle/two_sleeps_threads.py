# Two sleeps, the half with threads: nothing to repair.
import threading
import time

def thread_task():
    print(f"Thread task started\n", end="")                 # one write a line, so that lines of two threads do not run together
    time.sleep(1)
    print(f"Thread task done\n", end="")

t1 = threading.Thread(target=thread_task)
t2 = threading.Thread(target=thread_task)
t1.start()
t2.start()
print(f"threads: {threading.active_count() - 1}\n", end="")
t1.join()
t2.join()
