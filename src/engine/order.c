/* What is to be run how: the scenario's settings and the model typed. */
#include <sched.h>
#include <string.h>

#include "convis/engine.h"

static const struct { const char *name; enum cv_model_kind model; bool gil; } models[] = {
    {"async", CV_ASYNC, false}, {"threads", CV_THREADS, false}, {"threads+gil", CV_THREADS, true}, {"processes", CV_PROCESSES, false}};

/* As many workers as the run may use cores, if the scenario does not say. Every process may have a pool of threads. */
static void set_pool(struct cv_order *o, const struct cv_program *p)
{
    enum { MOST = 64 };
    cpu_set_t set;
    uint32_t cores = sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
    cores = p->cores && p->cores < cores ? p->cores : cores;
    o->pool = p->pool ? p->pool : cores < MOST ? cores : MOST;
    uint64_t most = o->max_tasks;
    if (p->offloads & 1)
        most += (uint64_t)o->pool * (p->ninstances + 1 < 256 ? p->ninstances + 1 : 256);
    if (p->offloads & 2)
        most += o->pool;
    o->max_tasks = most < CV_MAX_TASKS ? (uint32_t)most : CV_MAX_TASKS;
}

bool cv_order_init(struct cv_order *o, const struct cv_program *p, const char *model, struct cv_buf *why)
{
    *o = (struct cv_order){.model = p->model == CV_M_THREADS ? CV_THREADS : p->model == CV_M_PROCESSES ? CV_PROCESSES : CV_ASYNC,
                           .gil = p->gil, .record = true, .seed = 1, .switch_interval_ns = (uint64_t)p->switch_interval_ns,
                           .timeout_ns = (uint64_t)p->timeout_ns, .cores = p->cores};
    bool spawns = false;
    for (uint32_t b = 0; b < p->nbodies; b++)
        spawns |= p->bodies[b].spawns && !(b == 0 && p->implicit_main);
    o->max_tasks = p->ninstances + 1 + (spawns ? CV_LIMIT_INSTANCES : 0);
    o->most_bytes = CV_MOST_BYTES;
    o->most_output = CV_MOST_OUTPUT;
    set_pool(o, p);
    o->schedule = p->schedule;
    if (!model)
        return true;
    const char *name = model;
    if (!strncmp(name, "stepped", 7) && (name[7] == ':' || !name[7])) {
        o->stepped = true;
        name += name[7] ? 8 : 7;
    }
    if (o->stepped && !p->pool) /* the same on every machine */
        o->pool = CV_STEPPED_POOL;
    if (!*name && o->stepped)
        return true;
    for (size_t i = 0; i < CV_COUNT(models); i++)
        if (!strcmp(models[i].name, name)) {
            o->model = models[i].model;
            o->gil = models[i].gil || (p->gil_on && o->model == CV_THREADS && !o->stepped);
            return true;
        }
    cv_buf_str(why, "no such model: '");
    cv_text_clean(why, model, strlen(model) > 60 ? 60 : strlen(model));
    cv_buf_str(why, "'; models are async, threads, threads+gil, processes, and stepped:async, stepped:threads, stepped:processes");
    return false;
}

void cv_order_allow(struct cv_order *o, uint32_t tasks)
{
    o->most_alive = tasks;
    if (o->max_tasks > CV_LIMIT_INSTANCES && o->max_tasks <= tasks) /* it spawns */
        o->max_tasks = tasks < CV_MAX_TASKS ? tasks + 1 : CV_MAX_TASKS;
}

uint32_t cv_order_most_alive(const struct cv_order *o)
{
    static const uint32_t of[] = {CV_MOST_COROUTINES, CV_MOST_THREADS, CV_MOST_PROCESSES};
    return o->most_alive ? o->most_alive : of[o->model];
}

const char *cv_order_model_name(const struct cv_order *o)
{
    static const char *const plain[] = {"async", "threads", "processes"}, *const stepped[] = {"stepped:async", "stepped:threads", "stepped:processes"};
    if (o->stepped)
        return stepped[o->model];
    return o->model == CV_THREADS && o->gil ? "threads+gil" : plain[o->model];
}
