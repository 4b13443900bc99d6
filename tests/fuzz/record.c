/* Any bytes as a saved record (libFuzzer). Those that begin as a record does are a whole one; else the first chooses one of a few programs under
 * some model, and the others are the entries behind what stands in front, so that nobody has to guess a scenario. It is a record or it is
 * none, and whatever of it was told to the model can be drawn, summed up and put in order, with no control character on the screen. */
#include <stdlib.h>
#include <string.h>

#include "app/life.h"
#include "convis/engine.h"
#include "convis/export.h"
#include "convis/saved.h"
#include "convis/ui.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const programs[] = {
    ("[scenario]\ntitle = T\nabout = A\n[shared]\nx = 0\nitems = [1, \"two\"]\n[shared memory]\ny = none\n[sync]\nm = lock\ns = semaphore(2)\nq = queue(1)\n"
    "[task t x 3]\n    repeat 2:\n        x += 1\n    with m:\n        y = x * 2\n    await sleep 5ms\n    append items, me\n    print \"x is {x}\"\n    mark done\n"
    "[task p]\n    await put q, 1\n    acquire s\n    if x > 1:\n        x = 0\n    release s\n[task c]\n    await get q -> k\n    cpu 1ms\n    await yield\n    check k == 2\n"
    "[note when t reaches done]\nN\n[note at end]\nE\n[expect]\nx >= 0\n"),
    ("[shared]\nr = 0\n[sync]\nb = barrier(2)\ne = event\nm = lock\nc = condition(m)\n[main]\n    spawn f(1) -> a\n    spawn f(2)\n    offload threads:\n        cpu 2ms\n        r += 1\n    await join a\n"
    "    set e\n    await join all\n[task f(k)]\n    await barrier b\n    await wait e\n    atomic r += k\n    with m:\n        notify c\n"),
    "[sync]\na = lock\nb = lock\n[task x x 70]\n    lock a\n    unlock a\n[task y]\n    lock b\n    await yield\n    lock a\n[task z]\n    lock a\n    await sleep 1ms\n    lock b\n",
};
static const char *const models[] = {"async", "threads", "threads+gil", "processes", "stepped:threads"};
enum { FRONTS = CV_COUNT(programs) * CV_COUNT(models), TASKS = 200 };
static struct front { struct cv_program *program; struct cv_order order; struct cv_run_info info; char *bytes; size_t n; } fronts[FRONTS];

static struct cv_program *program_of(const char *text, size_t n)
{
    struct cv_diags diags = {0};
    struct cv_program *p = cv_program_read("fuzz.ini", text, n, NULL, 0, &diags);
    cv_diags_release(&diags);
    return p;
}

/* What stands in front of the entries of a record of that program, and only that. */
static void write_front(struct front *h, const struct cv_shm *shm)
{
    static char machine[] = "\2\0\1" "\0\0\0\0\0\0\1" "\1\1\0\0\0\0\1";
    struct cv_saved head = {.scenario = "fuzz", .source = h->program->source, .source_length = h->program->source_length, .machine = machine, .machine_length = sizeof machine - 1,
                            .clock = "tsc", .source_name = "perf", .model = h->order.model, .gil = h->order.gil, .stepped = h->order.stepped, .max_tasks = TASKS};
    struct cv_buf why = {0};
    FILE *to = open_memstream(&h->bytes, &h->n);
    cv_save_end(cv_save_begin(to, &head, &h->info, shm), NULL, &why);
    fclose(to);
    cv_buf_release(&why);
}

static void make_fronts(void)
{
    struct cv_shm shm;
    struct cv_shm_plan plan = {.max_tasks = 1, .ring_records = 16, .string_bytes = 1024};
    struct cv_buf why = {0};
    cv_clock_init();
    if (cv_shm_create(&shm, &plan) < 0)
        abort();
    for (size_t i = 0; i < FRONTS; i++) {
        struct front *h = &fronts[i];
        const char *text = programs[i / CV_COUNT(models)];
        h->program = program_of(text, strlen(text));
        if (!h->program || !cv_order_init(&h->order, h->program, models[i % CV_COUNT(models)], &why))
            abort();
        cv_run_info_make(&h->info, h->program, &h->order);
        write_front(h, &shm);
    }
    cv_shm_release(&shm);
}

/* ── what is asked ──────────────────────────────────────────────────────────────────────────────── */
static void draw(struct cv_ui *ui, int width, int height)
{
    struct cv_canvas canvas = {.ascii = width == 80};
    struct cv_buf out = {0};
    cv_canvas_resize(&canvas, width, height);
    cv_ui_draw(ui, &canvas);
    cv_canvas_text(&canvas, &out);
    for (size_t i = 0; i < out.n; i++)
        if ((unsigned char)out.at[i] < 0x20 && out.at[i] != '\n')
            abort();
    cv_buf_release(&out);
    cv_canvas_release(&canvas);
}

static void look(const struct cv_model *m, const struct cv_topo *topo)
{
    static const int keys[] = {CV_KEY_DOWN, '\r', 'n', 'n', 'N', '\t', '+', '+', CV_KEY_DOWN, CV_KEY_DOWN, '-', CV_KEY_LEFT};
    struct cv_ui *ui = cv_ui_new(false);
    cv_ui_topo(ui, topo);
    cv_ui_model(ui, m);
    cv_ui_at(ui, cv_model_end(m));
    draw(ui, 120, 36);
    cv_ui_at(ui, cv_model_end(m) / 3);
    for (size_t i = 0; i < CV_COUNT(keys); i++)
        cv_ui_input(ui, &(struct cv_input){.kind = CV_IN_KEY, .key = keys[i]});
    draw(ui, 80, 24);
    for (uint32_t i = 0; i < cv_model_ntasks(m) && i < 8; i++) {
        struct cv_wake wake;
        struct cv_share shares[4];
        uint32_t all;
        cv_model_wake(m, i, cv_model_end(m), &wake);
        cv_model_meanwhile(m, i, 0, cv_model_end(m), shares, 4, &all);
    }
    cv_ui_present(ui, CV_SLIDE_NOTE);
    draw(ui, 100, 30);
    cv_ui_free(ui);
}

static void sum(const struct cv_loaded *l, const struct cv_model *m, const struct cv_program *p, const struct cv_order *o)
{
    struct cv_summary *s = cv_summary_new(m, cv_load_reader(l));
    struct cv_buf out = {0};
    for (uint32_t v = 0; v < s->nvars; v++) {
        struct cv_cell cell;
        const struct cv_cell *items;
        if (cv_load_cell(l, v, &cell, &items))
            cv_summary_cells(s, cv_load_shm(l), v, &cell, items);
    }
    cv_expect_judge(p, o, s);
    cv_exporter("text")->write(&out, cv_model_info(m), s, false);
    cv_exporter("json")->write(&out, cv_model_info(m), s, false);
    cv_summary_free(s);
    cv_buf_release(&out);
}

struct told { struct cv_model *model; struct life life; };
static void tell(void *to, const struct cv_event *e)
{
    struct told *t = to;
    cv_model_fold(t->model, e);
    life_take(&t->life, e);
}

/* ── any bytes ──────────────────────────────────────────────────────────────────────────────────── */
static bool read_run(struct cv_loaded *l, const struct cv_program *p, const struct cv_order *o, const struct cv_run_info *info)
{
    struct cv_buf why = {0}, order = {0};
    const struct cv_saved *h = cv_load_head(l);
    struct cv_topo *topo = cv_topo_unpack(h->machine, h->machine_length);
    struct told told = {0};
    bool right = false;
    if (topo && cv_load_region(l, info, &why)) {
        told.model = cv_model_new(info, cv_load_shm(l), 1 << 17);
        life_begin(&told.life);
        right = cv_load_run(l, tell, &told, &why);
        look(told.model, topo);
        sum(l, told.model, p, o);
        life_schedule(&told.life, info, 0, &order, &why);
        cv_model_free(told.model);
        life_release(&told.life);
    }
    cv_topo_free(topo);
    cv_buf_release(&order);
    cv_buf_release(&why);
    return right;
}

static bool read_whole(FILE *from)
{
    struct cv_buf why = {0};
    struct cv_loaded *l = cv_load_open(from, &why);
    const struct cv_saved *h = l ? cv_load_head(l) : NULL;
    struct cv_program *p = h ? program_of(h->source, h->source_length) : NULL;
    struct cv_order order;
    bool right = false;
    if (p && h->max_tasks <= 1 << 16 && cv_order_init(&order, p, NULL, &why)) {
        struct cv_run_info info;
        order.model = h->model;
        order.gil = h->gil;
        order.stepped = h->stepped;
        cv_run_info_make(&info, p, &order);
        right = read_run(l, p, &order, &info);
        cv_load_free(l);
        l = NULL;
        cv_run_info_release(&info);
    }
    cv_load_free(l);
    cv_program_free(p);
    cv_buf_release(&why);
    return right;
}

static bool read_any(const uint8_t *data, size_t size)
{
    struct cv_buf all = {0};
    bool whole = size && data[0] == cv_saved_magic[0], right = false;
    struct front *h = size ? &fronts[data[0] % FRONTS] : NULL;
    if (!size)
        return false;
    if (!whole)
        cv_buf_add(&all, h->bytes, h->n);
    cv_buf_add(&all, (const char *)data + !whole, size - !whole);
    FILE *from = fmemopen(all.at, all.n, "r");
    if (!from)
        abort();
    if (whole) {
        right = read_whole(from);
    } else {
        struct cv_buf why = {0};
        struct cv_loaded *l = cv_load_open(from, &why);
        if (!l)
            abort();
        right = read_run(l, h->program, &h->order, &h->info);
        cv_load_free(l);
        cv_buf_release(&why);
    }
    fclose(from);
    cv_buf_release(&all);
    return right;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    if (!begun)
        make_fronts();
    begun = true;
    read_any(data, size);
    return 0;
}
