import threading

shared_list = []

def worker():
    shared_list.append(threading.get_ident())  # All threads modify same list

threads = [threading.Thread(target=worker) for _ in range(4)]
for t in threads: t.start()
for t in threads: t.join()

print(shared_list)  # Output: [12345, 12346, ...] (all threads wrote to same list)
