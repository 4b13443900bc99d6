from multiprocessing import Process

def worker():
    # Each process gets its own copy of `result`
    result = [os.getpid()]  # Not shared!
    print(result)  # Output: [12345], [12346], etc. (different for each process)

processes = [Process(target=worker) for _ in range(4)]
for p in processes: p.start()
for p in processes: p.join()
