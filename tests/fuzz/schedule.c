/* Any bytes as a schedule (libFuzzer): the first picks a program and its rules, the others are what --schedule or a transcript says. Whatever
 * they are, the run comes to an end that is one, what is said of a wrong schedule is plain text with a place, and the same schedule
 * does the same again. */
#include <stdlib.h>
#include <string.h>

#include "convis/engine.h"
#include "convis/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One of each kind of choice: locks, conditions, queues and barriers, tasks that are born and joined, workers, who sleeps, who fails. */
static const char *const programs[] = {
    "[shared]\nc = 0\n[sync]\nm = lock\n[task t x 3]\n    await lock m\n    c += 1\n    await sleep 1ms\n    unlock m\n    c += 1\n    print \"{c}\"\n",
    "[shared]\nfull = false\n[sync]\nm = lock\nc = condition(m)\nq = queue(1)\ne = event\nb = barrier(2)\n[task a]\n    with m:\n        while not full:\n"
    "            await wait c\n    await put q, 1\n    await put q, 2\n    await barrier b\n    set e\n[task b]\n    with m:\n        full = true\n"
    "        notify_all c\n    await get q -> x\n    await get q -> y\n    await barrier b\n    await wait e\n",
    "[shared]\nx = 0\n[task child(n)]\n    x += n\n    if n == 3:\n        fail \"three\"\n    await fetch 1ms\n[main]\n    for i in 1..3:\n"
    "        spawn child(i) -> h\n    join h\n    await join all\n    print \"{x}\"\n",
    "[scenario]\npool = 2\n[shared]\nx = 0\n[task w x 3]\n    await offload threads:\n        x += 1\n        cpu 1ms\n    await yield\n    atomic x += 1\n"
    "    spin until x > 2\n",
    "[shared]\na = 0\nb = [0] * 4\n[task p x 30]\n    b[me % 4] += 1\n    append b, me\n    if cas(a, 0, 1):\n        await sleep 2ms\n    check len(b) > 4\n"};
static const char *const models[] = {"stepped:async", "stepped:threads", "stepped:processes"};
enum { PROGRAMS = CV_COUNT(programs), MODELS = CV_COUNT(models), STRINGS = 64 << 10, TASKS = 64, MOST_NS = 6000000 /* of virtual time: what comes in it has room in the ring */ };

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void plain(const char *s, size_t most)
{
    must(memchr(s, 0, most) != NULL);
    for (; *s; s++)
        must((unsigned char)*s >= 32 && *s != 127);
}

static void fold(void *model, const struct cv_event *e) { cv_model_fold(model, e); }

struct came { uint32_t outcome, preemptions; uint64_t finished, records; char text[512], error[256]; };

static void play(const struct cv_program *p, const struct cv_order *o, struct came *came)
{
    struct cv_shm shm = {.fd = -1};
    struct cv_run_info info;
    memset(came, 0, sizeof *came);
    must(cv_here_begin(&shm, p, o, STRINGS));
    cv_run_info_make(&info, p, o);
    struct cv_reader *reader = cv_reader_new(&shm);
    struct cv_model *model = cv_model_new(&info, &shm, 0);
    cv_reader_start(reader, (struct cv_clock_pair){0, 0});
    must(cv_here_run(&shm, p));
    came->outcome = atomic_load(&shm.head->outcome);
    came->preemptions = atomic_load(&shm.head->preemptions);
    came->finished = atomic_load(&shm.head->finished);
    plain(shm.head->outcome_text, sizeof shm.head->outcome_text);
    plain(shm.head->schedule_error, sizeof shm.head->schedule_error);
    strcpy(came->text, shm.head->outcome_text);
    strcpy(came->error, shm.head->schedule_error);
    cv_reader_push(reader, &(struct cv_event){.t = came->finished, .kind = CV_EV_RUN_END, .task = CV_NO_TASK,
                                              .obj = (uint16_t)(came->outcome ? came->outcome : CV_OUT_FINISHED)});
    cv_reader_drain(reader, true, fold, model);
    struct cv_record_counts counts = cv_reader_counts(reader);
    must(!counts.lost && !cv_records_unaccounted(&counts));
    came->records = counts.recorded;
    cv_summary_free(cv_summary_new(model, reader));
    cv_model_free(model);
    cv_reader_free(reader);
    cv_run_info_release(&info);
    cv_shm_release(&shm);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cv_program *read[PROGRAMS];
    if (size < 1)
        return 0;
    size_t which = data[0] % PROGRAMS;
    if (!read[which]) {
        struct cv_diags d = {0};
        read[which] = cv_program_read("fuzz.ini", programs[which], strlen(programs[which]), NULL, 0, &d);
        must(read[which] != NULL);
    }
    char *text = malloc(size);
    struct cv_order o;
    struct came first, again;
    struct cv_buf why = {0};
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    must(cv_order_init(&o, read[which], models[data[0] / PROGRAMS % MODELS], &why));
    o.schedule = text;
    o.timeout_ns = MOST_NS;
    o.max_tasks = TASKS; /* a smaller region is made sooner */
    play(read[which], &o, &first);
    must(first.outcome <= CV_OUT_CRASHED);
    must(first.error[0] || !*text || first.outcome != CV_OUT_NONE || first.finished > 0);
    play(read[which], &o, &again);
    must(!memcmp(&first, &again, sizeof first));
    free(text);
    return 0;
}
