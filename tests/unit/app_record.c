/* A model told of a run, and one told of its saved record, are the same: in the sum, and on the screen at any instant. And no record that
 * was cut short or changed in any byte is taken for one. */
#include <stdlib.h>
#include <string.h>

#include "app/record.h"
#include "convis/export.h"
#include "suite.h"

enum { TEXTS = 1 << 20 };
static const char *const programs[] = {
    "[scenario]\nmodels = async, threads\n[shared]\nx = 0\n[sync]\nm = lock\n[task t x 3]\n    repeat 2:\n        x += 1\n    with m:\n        x = x * 2\n    await sleep 5ms\n    print \"x is {x} \\u{1b}[31m\"\n    mark done\n",
    "[shared]\nitems = [1, \"two\"]\nlast = none\n[sync]\nq = queue(1)\n[task p]\n    for i in 1..3:\n        await put q, i\n        append items, i\n[task c]\n    for i in 1..3:\n        await get q -> k\n        last = k\n        cpu 1ms\n",
    "[sync]\na = lock\nb = lock\n[task x]\n    lock a\n    await yield\n    lock b\n[task y]\n    lock b\n    await yield\n    lock a\n",
    "[shared]\nr = 0\n[task t x 2]\n    offload threads:\n        cpu 2ms\n        r += 1\n    check r < 2\n",
};
static const char *const models[] = {"stepped:async", "stepped:threads", "stepped:processes"};

/* ── a run, told to a model and written down ────────────────────────────────────────────────────── */
struct ran {
    struct cv_program *program;
    struct cv_order order;
    struct cv_run_info info;
    struct cv_shm shm;
    struct cv_reader *reader;
    struct cv_model *model;
    struct cv_saver *saver;
    char *bytes;
    size_t n;
};

static void take(void *to, const struct cv_event *e)
{
    struct ran *r = to;
    cv_model_fold(r->model, e);
    cv_save_event(r->saver, e);
}

static void run(struct ran *r, const char *text, const char *model)
{
    struct cv_diags diags = {0};
    struct cv_buf why = {0}, machine = {0};
    struct cv_topo *topo = cv_topo_guess();
    cv_clock_init();
    *r = (struct ran){.shm.fd = -1};
    r->program = cv_program_read("test.ini", text, strlen(text), NULL, 0, &diags);
    if (!r->program)
        cv_diags_print(stderr, &diags, "test.ini", text, strlen(text));
    ck_assert_msg(r->program, "%s", text);
    ck_assert(cv_order_init(&r->order, r->program, model, &why));
    cv_run_info_make(&r->info, r->program, &r->order);
    ck_assert(cv_here_begin(&r->shm, r->program, &r->order, TEXTS));
    r->reader = cv_reader_new(&r->shm);
    r->model = cv_model_new(&r->info, &r->shm, 0);
    cv_reader_start(r->reader, (struct cv_clock_pair){0, 0});
    ck_assert(cv_here_run(&r->shm, r->program));
    cv_topo_pack(topo, &machine);
    struct cv_saved head = {.scenario = r->program->name, .source = text, .source_length = strlen(text), .machine = machine.at, .machine_length = machine.n, .clock = "virtual",
                            .source_name = "stepped", .source_precision = "exact", .source_why = "\x1b[2J", .model = r->order.model, .stepped = true, .seed = r->order.seed,
                            .max_tasks = r->shm.head->plan.max_tasks};
    FILE *to = open_memstream(&r->bytes, &r->n);
    r->saver = cv_save_begin(to, &head, &r->info, &r->shm);
    const char *outcome = r->shm.head->outcome_text;
    uint32_t out = atomic_load(&r->shm.head->outcome);
    cv_reader_push(r->reader, &(struct cv_event){.t = atomic_load(&r->shm.head->finished), .kind = CV_EV_RUN_END, .task = CV_NO_TASK,
                                                 .obj = (uint16_t)(out ? out : CV_OUT_FINISHED), .a = *outcome ? cv_intern(&r->shm, outcome, strlen(outcome)) : 0});
    cv_reader_drain(r->reader, true, take, r);
    ck_assert_msg(cv_save_end(r->saver, r->reader, &why), "%s", why.at);
    fclose(to);
    cv_topo_free(topo);
    cv_diags_release(&diags);
    cv_buf_release(&machine);
    cv_buf_release(&why);
}

static void end(struct ran *r)
{
    cv_model_free(r->model);
    cv_reader_free(r->reader);
    cv_shm_release(&r->shm);
    cv_run_info_release(&r->info);
    cv_program_free(r->program);
    free(r->bytes);
}

/* ── what is compared ───────────────────────────────────────────────────────────────────────────── */
static void sum(const struct cv_model *m, const struct cv_reader *reader, struct cv_buf *out)
{
    struct cv_summary *s = cv_summary_new(m, reader);
    cv_exporter("json")->write(out, cv_model_info(m), s, false);
    cv_summary_free(s);
}

static void frame(struct cv_model *m, uint64_t at, struct cv_buf *out)
{
    struct cv_ui *ui = cv_ui_new(false);
    struct cv_canvas canvas = {0};
    cv_ui_model(ui, m);
    cv_ui_at(ui, at);
    cv_canvas_resize(&canvas, 120, 36);
    cv_ui_draw(ui, &canvas);
    cv_canvas_text(&canvas, out);
    cv_canvas_release(&canvas);
    cv_ui_free(ui);
}

static void same(const struct ran *r, struct cv_model *m, const struct cv_reader *reader, const char *what)
{
    struct cv_buf a = {0}, b = {0};
    sum(r->model, r->reader, &a);
    sum(m, reader, &b);
    ck_assert_msg(a.n == b.n && !memcmp(a.at, b.at, a.n), "%s:\n%s\n%s", what, a.at, b.at);
    for (uint64_t part = 0; part <= 8; part++) {
        a.n = b.n = 0;
        frame(r->model, cv_model_end(r->model) * part / 8, &a);
        frame(m, cv_model_end(m) * part / 8, &b);
        ck_assert_msg(a.n == b.n && !memcmp(a.at, b.at, a.n), "%s at %d/8:\n%s\n%s", what, (int)part, a.at, b.at);
        ck_assert_ptr_null(memchr(b.at, 0x1b, b.n));
    }
    cv_buf_release(&a);
    cv_buf_release(&b);
}

static void fold(void *to, const struct cv_event *e) { cv_model_fold(to, e); }

START_TEST(told_again)
{
    for (size_t i = 0; i < CV_COUNT(programs); i++)
        for (size_t k = 0; k < CV_COUNT(models); k++) {
            struct ran r;
            struct cv_buf why = {0};
            run(&r, programs[i], models[k]);
            FILE *from = fmemopen(r.bytes, r.n, "r");
            struct cv_loaded *l = cv_load_open(from, &why);
            ck_assert_msg(l && cv_load_region(l, &r.info, &why), "%s", why.at);
            struct cv_model *m = cv_model_new(&r.info, cv_load_shm(l), 0);
            ck_assert_msg(cv_load_run(l, fold, m, &why), "%s", why.at);
            same(&r, m, cv_load_reader(l), models[k]);
            cv_model_free(m);
            cv_load_free(l);
            fclose(from);
            end(&r);
            cv_buf_release(&why);
        }
}
END_TEST

/* ── what a stranger may send ───────────────────────────────────────────────────────────────────── */
/* Reads bytes as a record as far as they go; true: it is one. */
static bool opens(char *bytes, size_t n, struct cv_buf *why)
{
    FILE *from = fmemopen(bytes, n, "r");
    struct cv_loaded *l = cv_load_open(from, why);
    bool right = false;
    if (l) {
        const struct cv_saved *h = cv_load_head(l);
        struct cv_diags diags = {0};
        struct cv_order order;
        struct cv_run_info info;
        struct cv_program *p = cv_program_read("test.ini", h->source, h->source_length, NULL, 0, &diags);
        if (p && cv_order_init(&order, p, NULL, why)) {
            order.model = h->model;
            order.gil = h->gil;
            order.stepped = h->stepped;
            cv_run_info_make(&info, p, &order);
            if (cv_load_region(l, &info, why)) {
                struct cv_model *m = cv_model_new(&info, cv_load_shm(l), 0);
                right = cv_load_run(l, fold, m, why);
                cv_model_free(m);
            }
            cv_load_free(l);
            l = NULL;
            cv_run_info_release(&info);
        } else if (!p) {
            cv_buf_str(why, "no scenario");
        }
        cv_load_free(l);
        cv_program_free(p);
        cv_diags_release(&diags);
    }
    fclose(from);
    return right;
}

START_TEST(damaged)
{
    struct ran r;
    struct cv_buf why = {0};
    run(&r, programs[0], "stepped:threads");
    ck_assert_msg(opens(r.bytes, r.n, &why), "%s", why.at);
    for (size_t n = 1; n < r.n; n += 5) { /* cut short */
        why.n = 0;
        ck_assert_msg(!opens(r.bytes, n, &why) && why.n, "%zu of %zu bytes are taken for a record", n, r.n);
    }
    char *longer = cv_alloc(r.n + 1);
    memcpy(longer, r.bytes, r.n);
    why.n = 0;
    ck_assert(!opens(longer, r.n + 1, &why));
    ck_assert_msg(strstr(why.at, "goes on behind its end"), "%s", why.at);
    free(longer);
    for (size_t i = 0; i < r.n; i += 3) { /* a bit flipped */
        int bit = (int)(i / 3 % 8);
        r.bytes[i] ^= (char)(1 << bit);
        why.n = 0;
        ck_assert_msg(!opens(r.bytes, r.n, &why) && why.n, "a record with bit %d of byte %zu flipped is taken for one", bit, i);
        r.bytes[i] ^= (char)(1 << bit);
    }
    end(&r);
    cv_buf_release(&why);
}
END_TEST

START_TEST(machines)
{
    struct cv_topo *t = cv_topo_guess(), *back;
    struct cv_buf bytes = {0};
    cv_topo_pack(t, &bytes);
    back = cv_topo_unpack(bytes.at, bytes.n);
    ck_assert_ptr_nonnull(back);
    ck_assert(back->ncores == t->ncores && back->nallowed == t->nallowed && back->npackages == t->npackages && back->nphysical == t->nphysical);
    ck_assert(!memcmp(back->cores, t->cores, t->ncores * sizeof *t->cores));
    cv_topo_free(back);
    for (size_t n = 0; n < bytes.n; n++)
        ck_assert_ptr_null(cv_topo_unpack(bytes.at, n));
    for (size_t i = 0; i < bytes.n; i++) { /* whatever it then is, it is whole */
        bytes.at[i] ^= 0x55;
        back = cv_topo_unpack(bytes.at, bytes.n);
        for (uint32_t k = 0; back && k < back->ncores; k++)
            ck_assert(back->cores[k].physical < back->nphysical && back->cores[k].package < back->npackages && back->cores[k].numa < back->nnuma && back->cores[k].cache < back->ncaches);
        cv_topo_free(back);
        bytes.at[i] ^= 0x55;
    }
    cv_topo_free(t);
    cv_buf_release(&bytes);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("app_record");
    TCase *c = tcase_create("record");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, told_again);
    tcase_add_test(c, damaged);
    tcase_add_test(c, machines);
    suite_add_tcase(s, c);
    return s;
}
