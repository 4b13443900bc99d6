"""The programs that the notes print, in notes/ to the letter. What runs as printed is run so; what does not is shown to fail as it
does, then with the smallest repair, told as a difference.

usage: notes.py. Prints TAP."""
import difflib
import os
import re
import subprocess
import sys
import tempfile

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "notes")
number = failures = 0


def ok(holds, name, *seen):
    global number, failures
    number += 1
    print(f"{'ok' if holds else 'not ok'} {number} - {name}")
    for what in () if holds else seen:
        print("    " + str(what).replace("\n", "\n    "))
    failures += not holds


def run(path):
    return subprocess.run([sys.executable, path], capture_output=True, text=True, timeout=60)


def repaired(name, folder, *changes):
    """The program with each old text replaced by the new, and what that changes."""
    old = open(os.path.join(FOLDER, name)).read()
    new = old
    for before, after in changes:
        assert new.count(before) == 1, (name, before)
        new = new.replace(before, after)
    for line in list(difflib.unified_diff(old.splitlines(), new.splitlines(), "printed", "repaired", lineterm="", n=0))[2:]:
        print(f"# {name}: {line}")
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(new)
    return run(path)


def printed(name):
    return run(os.path.join(FOLDER, name))


with tempfile.TemporaryDirectory() as folder:
    done = printed("stale_global.py")
    ok(done.stdout == "Handled by: Bob\n" * 2, "two users, one global: runs as printed, greets Bob twice", done)

    done = printed("executor.py")
    ok(done.stdout == "Done\n", "a blocking call in an executor: runs as printed", done)

    done = printed("two_sleeps.py")
    ok(done.returncode != 0 and "coroutine" in done.stderr, "two sleeps: does not run as printed, gather() makes no coroutine", done)
    done = repaired("two_sleeps.py", folder, ("asyncio.run(asyncio.gather(async_task(), async_task()))",
                                              "async def main():\n    await asyncio.gather(async_task(), async_task())\nasyncio.run(main())"))
    lines = [word for word in re.split(r"\n|(?<=started)|(?<=done)", done.stdout) if word]  # lines of two threads may run together
    ok(lines == ["Async task started"] * 2 + ["Async task done"] * 2 + ["Thread task started"] * 2 + ["Thread task done"] * 2,
       "two sleeps, repaired: both begin before either is done, as coroutines and as threads", done)

    done = printed("shared_list.py")
    ids = re.findall(r"\d+", done.stdout)
    ok(len(ids) == 4, "one list for four threads: runs as printed; but the four ids may be one, of threads that follow each other", done)
    done = repaired("shared_list.py", folder, ("shared_list = []\n", "shared_list = []\ntogether = threading.Barrier(4)\n"),
                    ("# All threads modify same list\n", "# All threads modify same list\n    together.wait()\n"))
    ids = re.findall(r"\d+", done.stdout)
    ok(len(ids) == len(set(ids)) == 4, "one list for four threads, repaired: four threads at the same time have four ids", done)

    done = printed("own_result.py")
    ok(done.stdout == "" and "NameError" in done.stderr, "a result of one's own: does not run as printed, `import os` is missing", done)
    done = repaired("own_result.py", folder, ("from multiprocessing import Process\n", "import os\nfrom multiprocessing import Process\n"))
    ids = re.findall(r"\[(\d+)\]", done.stdout)
    ok(len(ids) == len(set(ids)) == 4 and not re.sub(r"\[\d+\]|\n", "", done.stdout),
       "a result of one's own, repaired: four processes, four lists of one id", done)
print(f"1..{number}")
sys.exit(failures > 0)
