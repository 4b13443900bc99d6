# A copy of one's own. Repaired: `import os` was missing; and the children are forked, so that they inherit `x` as it stands.
import multiprocessing
import os                                                   # repaired

x = 0
result = []

def worker(queue):
    global x
    x += 1
    result.append(os.getpid())
    queue.put((x, len(result)))

fork = multiprocessing.get_context("fork")
queue = fork.Queue()
processes = [fork.Process(target=worker, args=(queue,)) for _ in range(3)]
for p in processes: p.start()
copies = [queue.get() for _ in processes]
for p in processes: p.join()

print(sorted(copies), x, result)
