/* What a frame costs by the length of the record: bench/model SLICES uniform|bursty ROUNDS [LANES]. A made-up run of threads is told to the model
 * event by event, a slice each, 40 lanes or as many as said. Then frames are drawn, held at random places, at every zoom from the narrowest window to the
 * whole record, the zooms taking turns: the timeline alone, 40 lanes of 200 columns and more, and all panes on 200x60. Beside them
 * the same columns by going through the same slices from the first to the last.
 * Says: "record SLICES BYTES_OF_INDEX BYTES NS_TO_FOLD", then lines of "frame|whole|scan COLUMN_NS WALL_NS CPU_NS". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convis/ui.h"
#include "model/model.h"

enum { COLUMNS = 200, FRAMES = 20, WIDTH = 240, HEIGHT = 46, MOST_ZOOMS = 40 };

static const char source[] = "[scenario]\ntitle = Bench\n[task worker x 40]\n    repeat 1000:\n        cpu 1us\n        sleep 1us\n        get q\n        put q\n        print 1\n";
static uint32_t lanes = 40;
static struct cv_run_info info = {.source = source, .source_length = sizeof source - 1, .scenario = "bench", .title = "Bench", .model = CV_THREADS, .model_name = "threads", .implicit_main = true};
static struct cv_shm shm;
static struct cv_model *m;
static uint64_t seed = 88172645463325252u;
static volatile uint64_t sink;

static uint64_t pick(uint64_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed % n;
}

static uint64_t clock_ns(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ── the record ─────────────────────────────────────────────────────────────────────────────────── */
static void tell(struct cv_event e) { cv_model_fold(m, &e); }

/* Bursty: a few lanes do ten thousand things within a fifth of a millisecond, then for up to a tenth of a second nobody does anything. */
static uint64_t record(uint64_t slices, bool bursty)
{
    uint8_t *phase = cv_alloc(lanes + 1);
    uint64_t t = 0, began = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    uint32_t some = 1;
    for (uint32_t i = 0; i <= lanes; i++)
        tell((struct cv_event){.t = t, .kind = CV_EV_TASK_START, .task = i, .line = 3, .a = cv_intern(&shm, "worker", 6), .c = i ? 0 : CV_NO_TASK});
    for (uint64_t n = 0; n < slices; n++) {
        uint32_t lane;
        if (!bursty) {
            t += pick(2000);
            lane = 1 + (uint32_t)pick(lanes);
        } else if (n % 10000 == 0) {
            t += pick(100000000);
            lane = some = 1 + (uint32_t)pick(lanes - 3);
        } else {
            t += pick(40);
            lane = some + (uint32_t)pick(4);
        }
        struct cv_event e = {.t = t, .task = lane, .line = (uint16_t)(4 + n % 6)};
        switch (phase[lane]++ % 3) {
        case 0: e.kind = CV_EV_RUN; break;
        case 1: e.kind = CV_EV_WAIT, e.obj = (uint16_t)(CV_BLOCK + (n % 5 ? CV_REASON_SLEEP : CV_REASON_QUEUE)); break;
        default: e.kind = CV_EV_READY, e.a = CV_NO_TASK, e.b = CV_BLOCK + CV_REASON_SLEEP, phase[lane] = 0; break;
        }
        tell(e);
    }
    free(phase);
    return clock_ns(CLOCK_THREAD_CPUTIME_ID) - began;
}

/* ── frames ─────────────────────────────────────────────────────────────────────────────────────── */
static void frame(struct cv_ui *ui, struct cv_canvas *canvas, const char *what, uint64_t column_ns)
{
    uint64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    cv_ui_draw(ui, canvas);
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    printf("%s %llu %llu %llu\n", what, (unsigned long long)column_ns, (unsigned long long)(clock_ns(CLOCK_MONOTONIC) - wall), (unsigned long long)cpu);
}

/* The same columns by going through all slices there are. */
static void scan(uint64_t from, uint64_t column_ns)
{
    static uint64_t ns[COLUMNS][CV_ST_COUNT];
    uint64_t wall = clock_ns(CLOCK_MONOTONIC), cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), to = from + column_ns * COLUMNS;
    for (uint32_t lane = 1; lane <= lanes; lane++) {
        const struct series *s = &model_task(m, lane)->lane;
        uint64_t t = 0;
        uint32_t state = CV_ST_NONE;
        memset(ns, 0, sizeof ns);
        struct block few_block = {.t = s->begin};
        struct stretch few = {.slices = s->few, .blocks = &few_block, .nblocks = 1};
        uint32_t nstretches = s->few ? 1 : s->nstretches;
        for (uint32_t k = 0; k < nstretches; k++) {
            const struct stretch *c = s->few ? &few : &s->stretches[k];
            uint32_t n = k + 1 < nstretches ? SERIES_STRETCH : (uint32_t)(s->n - 1) % SERIES_STRETCH + 1;
            for (uint32_t b = 0, i = 0; i < n; i++) {
                b += b + 1 < c->nblocks && c->blocks[b + 1].first == i;
                uint64_t end = c->blocks[b].t + c->slices[i].after, low = t > from ? t : from, high = end < to ? end : to;
                for (uint64_t column = low < high ? (low - from) / column_ns : COLUMNS; column < COLUMNS && from + column * column_ns < high; column++) {
                    uint64_t x = from + column * column_ns, y = x + column_ns;
                    ns[column][state] += (y < high ? y : high) - (x > low ? x : low);
                }
                t = end;
                state = c->slices[i].state;
            }
        }
        sink += ns[COLUMNS / 2][state];
    }
    cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    printf("scan %llu %llu %llu\n", (unsigned long long)column_ns, (unsigned long long)(clock_ns(CLOCK_MONOTONIC) - wall), (unsigned long long)cpu);
}

static void round_of_frames(struct cv_ui *alone, struct cv_ui *all, const uint64_t *zooms, size_t nzooms, bool scans)
{
    struct cv_canvas wide = {0}, whole = {0};
    uint64_t end = cv_model_end(m);
    cv_canvas_resize(&wide, WIDTH, HEIGHT);
    cv_canvas_resize(&whole, 200, 60);
    for (int i = 0; i < FRAMES; i++)
        for (size_t z = 0; z < nzooms; z++) {
            uint64_t t = pick(end);
            cv_ui_span(alone, zooms[z] * COLUMNS);
            cv_ui_at(alone, t);
            frame(alone, &wide, "frame", zooms[z]);
            cv_ui_span(all, zooms[z] * COLUMNS);
            cv_ui_at(all, t);
            frame(all, &whole, "whole", zooms[z]);
            if (scans && i == 0)
                scan(t > zooms[z] * COLUMNS ? t - zooms[z] * COLUMNS : 0, zooms[z]);
        }
    cv_canvas_release(&wide);
    cv_canvas_release(&whole);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        return 2;
    uint64_t slices = strtoull(argv[1], NULL, 10), zooms[MOST_ZOOMS];
    int rounds = atoi(argv[3]);
    lanes = argc > 4 ? (uint32_t)atoi(argv[4]) : lanes;
    cv_clock_init();
    struct cv_shm_plan plan = {.max_tasks = lanes + 1, .max_rings = 1, .ring_records = 64, .engine_bytes = 64, .finals_bytes = 64, .string_bytes = 4096, .source_bytes = 64};
    if (cv_shm_create(&shm, &plan)) {
        perror("bench: no region");
        return 3;
    }
    m = cv_model_new(&info, &shm, (size_t)64 << 30);
    uint64_t fold_ns = record(slices, !strcmp(argv[2], "bursty"));
    uint64_t bytes = 0, index = 0, n = 0;
    for (uint32_t lane = 1; lane <= lanes; lane++) {
        const struct series *s = &model_task(m, lane)->lane;
        bytes += s->bytes;
        index += s->stretches_cap * (sizeof *s->stretches + sizeof *s->begins);
        for (uint32_t k = 0; k < s->nstretches; k++)
            index += s->stretches[k].blocks_cap * sizeof *s->stretches[k].blocks;
        n += model_task(m, lane)->lane.n;
    }
    printf("record %llu %.3f %.3f %.3f\n", (unsigned long long)n, (double)index / (double)n, (double)bytes / (double)n, (double)fold_ns / (double)n);
    struct cv_ui *alone = cv_ui_new(false), *all = cv_ui_new(false);
    struct cv_topo *topo = cv_topo_guess();
    cv_ui_model(alone, m), cv_ui_model(all, m);
    cv_ui_topo(alone, topo), cv_ui_topo(all, topo);
    cv_ui_input(alone, &(struct cv_input){.kind = CV_IN_KEY, .key = '\r'}); /* the timeline has the focus: alone */
    size_t nzooms = 0;
    for (uint64_t column = 10; nzooms + 1 < MOST_ZOOMS && column * COLUMNS < cv_model_end(m); column *= 10)
        zooms[nzooms++] = column;
    zooms[nzooms++] = cv_model_end(m) / COLUMNS + 1;
    for (int r = 0; r < rounds; r++)
        round_of_frames(alone, all, zooms, nzooms, r * 4 % rounds == 0 || slices <= 1000000);
    cv_ui_free(alone), cv_ui_free(all);
    cv_topo_free(topo);
    cv_model_free(m);
    cv_shm_release(&shm);
    return 0;
}
