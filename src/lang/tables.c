/* The words of the language, for the reader's hints, the help and the manual; and the table of operations. */
#include "convis/lang.h"

enum { LOCAL = CV_OPK_LOCAL, MEMORY = CV_OPK_MEMORY, EFFECT = CV_OPK_EFFECT };
const struct cv_op_info cv_op_info[CV_OP_COUNT] = {
#define CV_OP(id, op_name, op_pops, op_pushes, op_kind, op_doc) \
    [CV_OP_##id] = {.name = op_name, .doc = op_doc, .pops = op_pops, .pushes = op_pushes, .kind = (enum cv_op_kind)op_kind},
#include "convis/ops.def"
#undef CV_OP
};

const struct cv_word cv_sections[] = {
    {"scenario", "[scenario]", "title, about, model, models, gil, switch_interval, cores, pool, pace, timeout, schedule", false},
    {"params", "[params]", "numbers to turn: workers = 4 in 1..64", false},
    {"shared", "[shared]", "variables in the program's memory; under processes each process has its own copy", false},
    {"shared memory", "[shared memory]", "variables in one place under every model", false},
    {"sync", "[sync]", "m = lock, s = semaphore(2), q = queue(8): one object under every model", false},
    {"task", "[task NAME]", "a program; x N or for V in a, b: several instances; NAME(a, b): for spawn", false},
    {"main", "[main]", "what the main task does; without it every task is started and waited for", false},
    {"expect", "[expect]", "what must hold at the end, one expression a line", false},
    {"note", "[note EVENT]", "text for the lecture, shown when EVENT happens", true},
    {"predict", "[predict]", "a question to the room before the run", true},
    {"goal", "[goal]", "what a player is to bring about", true},
    {0}};

const struct cv_word cv_statements[] = {
    {"=", "x = E", "write a variable; x += E (-= *= /= %=) reads, then writes", false},
    {"atomic", "atomic x += E", "one indivisible step", false},
    {"append", "append LIST, E", "one step", false},
    {"cpu", "cpu D [nogil]", "D of CPU time; nogil: in a library that releases the GIL", false},
    {"repeat", "repeat N:", "a block, N times", false},
    {"while", "while E:", "a block, while E holds", false},
    {"for", "for v in A..B:", "a block for each number, both ends included", false},
    {"if", "if E:", "a block when E holds", false},
    {"elif", "elif E:", "otherwise, when E holds", false},
    {"else", "else:", "otherwise", false},
    {"break", "break", "leave the loop", false},
    {"continue", "continue", "go on with the loop's next turn", false},
    {"return", "return", "the task is done", false},
    {"pass", "pass", "nothing", false},
    {"print", "print \"…{E}…\"", "one line of output", false},
    {"spin", "spin until E", "read E again and again until it is true, burning the core", false},
    {"check", "check E", "must be true here and now, else the task fails and says the values", false},
    {"mark", "mark NAME", "a named point", false},
    {"sleep", "[await] sleep D", "wait for a timer", false},
    {"fetch", "[await] fetch D", "a round trip to a server that answers after D", false},
    {"yield", "[await] yield", "give others a turn", false},
    {"lock", "[await] lock m", "take a lock", false},
    {"unlock", "unlock m", "give it back", false},
    {"with", "[await] with m:", "a block that holds a lock or a semaphore", false},
    {"acquire", "[await] acquire s", "take a permit of a semaphore", false},
    {"release", "release s", "give it back", false},
    {"put", "[await] put q, E", "into a queue", false},
    {"get", "[await] get q -> x", "out of a queue", false},
    {"spawn", "spawn NAME(args) -> h", "a new task", false},
    {"join", "[await] join h", "wait for a task; join all: for every task this one started", false},
    {"alloc", "alloc SIZE", "take and touch that much private memory", false},
    {"fail", "fail \"text\"", "the task raises", false},
    {"crash", "crash", "a real SIGSEGV", false},
    {"offload", "offload threads:", "run the block on a worker", true},
    {"wait", "wait c", "for a condition or an event", true},
    {"notify", "notify c", "wake one that waits", true},
    {"notify_all", "notify_all c", "wake all that wait", true},
    {"set", "set e", "an event", true},
    {"clear", "clear e", "an event", true},
    {"barrier", "barrier b", "wait until all have come", true},
    {"pin", "pin CORE", "bind to a core", true},
    {"nice", "nice N", "priority", true},
    {0}};

const struct cv_word cv_builtins[] = {
    {"me", "me", "instance number, from 0", false},
    {"name", "name", "instance name", false},
    {"pid", "pid", "process id", false},
    {"tid", "tid", "thread id", false},
    {"core", "core", "the core it runs on", false},
    {"now", "now", "nanoseconds since the run began", false},
    {"output", "output", "[expect]: the lines printed", false},
    {"elapsed", "elapsed", "[expect]: duration of the run", false},
    {"cpu_time", "cpu_time", "[expect]: CPU time of all tasks", false},
    {"cores_used", "cores_used", "[expect]: cpu_time / elapsed", false},
    {"switches", "switches", "[expect]: all context switches", false},
    {"voluntary", "voluntary", "[expect]: the kernel's voluntary switches", false},
    {"involuntary", "involuntary", "[expect]: the kernel's involuntary switches", false},
    {"awaits", "awaits", "[expect]: times a coroutine gave the thread back", false},
    {"loop_lag", "loop_lag", "[expect]: longest time the loop was not serving", false},
    {"lost_updates", "lost_updates", "[expect]: lost updates found", false},
    {"stale_reads", "stale_reads", "[expect]: stale reads found", false},
    {"deadlock", "deadlock", "[expect]: the run ended in a deadlock", false},
    {"failed", "failed", "[expect]: number of tasks that failed", false},
    {"memory_per_task", "memory_per_task", "[expect]: bytes a task", false},
    {0}};

const struct cv_word cv_functions[] = {
    {"len", "len(x)", "length of a list or a string", false},
    {"min", "min(a, b)", "the least", false},
    {"max", "max(a, b)", "the greatest", false},
    {"random", "random(a, b)", "a number, both ends included, from the run's seed", false},
    {"cas", "cas(x, old, new)", "compare and swap, one step; true if it changed x", false},
    {"sorted", "sorted(L)", "[expect]: in order", false},
    {"count", "count(L, v)", "[expect]: how often v is in L", false},
    {"copies", "copies(x)", "[expect]: each process's own value of x", false},
    {0}};
