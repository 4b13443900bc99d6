"""Memory of a waiting coroutine."""
from measure import CannotMeasure

ORDER = 50


def measure(b):
    path = b.scenario("waiting", "[scenario]\ntitle = Waiting\nmodel = async\n[task waiter x 10000]\n    await sleep 400ms\n")
    values = []
    for _ in range(b.rounds()):
        result = b.run(path, "async")
        if result["peak_tasks"] < 10000:
            raise CannotMeasure(f"only {result['peak_tasks']} tasks at the peak")
        values.append(result["memory_per_task_bytes"])
    b.row("memory of a waiting coroutine, of 10,000", values, " bytes", 512)
