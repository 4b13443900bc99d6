# Four threads, one list. Repaired: as printed, each thread may be done before the next begins, and then all four get the same
# id; a barrier keeps them alive at the same time.
import threading

shared_list = []
together = threading.Barrier(4)                             # repaired

def worker():
    shared_list.append(threading.get_ident())
    together.wait()                                         # repaired

threads = [threading.Thread(target=worker) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()

print(len(shared_list), len(set(shared_list)))
