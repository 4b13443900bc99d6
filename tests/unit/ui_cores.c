/* The Cores pane on machines made up by hwloc (1 core; 2 packages x 4 cores x 2 threads; 64; 256), as text against tests/golden/ui; on
 * machines with kinds of cores, cores that are not ours, that go and that come; and at every size. */
#include "ui/cores.h"
#include "ui_golden.h"
#include "ui_scene.h"

static struct cv_view v;
static struct cv_canvas c;
static struct cv_topo *topo;

static const struct machine { const char *name, *synthetic; uint32_t cores; } machines[] = {
    {"cores-1", "core:1 pu:1", 1},
    {"cores-16", "package:2 l3:1 core:4 pu:2", 16},
    {"cores-64", "package:1 l3:8 core:8 pu:1", 64},
    {"cores-256", "package:2 numa:2 l3:2 core:16 pu:2", 256},
};
static const int sizes[][2] = {{34, 4}, {44, 20}};

/* Every third core has a task of the run on it for half of the time; the others' work rises from core to core. */
static void play(uint32_t cores)
{
    scene_begin(CV_THREADS, "threads", 0);
    at(0), start(0, "main", CV_NO_TASK);
    for (uint32_t i = 0; i < cores && i < 60; i++)
        start(i + 1, i % 2 ? "worker" : "Alice", 0);
    at(1 * MS);
    for (uint32_t i = 0; i < cores && i < 60; i++)
        run(i + 1, 9), switch_in(i + 1, i * 3 % cores);
    at(50 * MS);
    for (uint32_t i = 0; i < cores && i < 60; i += 2)
        switch_out(i + 1, i * 3 % cores, true);
    at(100 * MS);
    for (unsigned core = 0; core < cores; core++)
        tell(CV_EV_CORE, CV_NO_TASK, 0, core, (uint64_t)(core % 3 ? core * 1000 / cores : 700) << 32 | 100000, 1);
    cv_model_now(m, 100 * MS);
}

static void open_view(bool ascii, int width, int height)
{
    view_init(&v, ascii);
    v.topo = topo;
    view_model(&v, m);
    v.cursor = view_end(&v);
    v.columns = 40;
    memset(&c, 0, sizeof c);
    c.ascii = ascii;
    cv_canvas_resize(&c, width, height);
    c.ascii = ascii;
}

static const char *drawn(void)
{
    static struct cv_buf text;
    text.n = 0;
    cores_pane.draw(&v, &c, (struct cv_rect){0, 0, c.width, c.height}, false);
    cv_canvas_text(&c, &text);
    return text.at;
}

static void close_view(void)
{
    view_release(&v);
    cv_canvas_release(&c);
}

static void read_machine(const char *synthetic)
{
    ck_assert_int_eq(setenv("HWLOC_SYNTHETIC", synthetic, 1), 0);
    topo = cv_topo_read();
    unsetenv("HWLOC_SYNTHETIC");
}

START_TEST(machines_as_pictures)
{
    const struct machine *one = &machines[_i / 4];
    const int *size = sizes[_i / 2 % 2];
    read_machine(one->synthetic);
    ck_assert_uint_eq(topo->ncores, one->cores);
    play(one->cores);
    open_view(_i % 2, size[0], size[1]);
    hold_against_at(one->name, size[0], size[1], _i % 2, drawn());
    close_view();
    end();
    cv_topo_free(topo);
}
END_TEST

static void expect(const char *text, const char *words) { ck_assert_msg(strstr(text, words), "'%s' is not in\n%s", words, text); }

static struct cv_core mixed[8];
static void mixed_machine(void)
{
    static struct cv_topo made = {.cores = mixed, .ncores = 8, .nallowed = 8, .npackages = 1, .nnuma = 1, .ncaches = 1, .nphysical = 6, .this_system = true};
    for (uint32_t i = 0; i < 8; i++)
        mixed[i] = (struct cv_core){.os = i, .physical = i < 4 ? i / 2 : i - 2, .kind = i < 4, .allowed = true};
    topo = &made;
}

/* Performance cores with two threads each, efficiency cores with one. */
START_TEST(kinds_and_siblings)
{
    mixed_machine();
    play(8);
    open_view(false, 44, 10);
    const char *text = drawn();
    expect(text, "performance cores");
    expect(text, "efficiency cores");
    expect(text, "╭ 0");
    expect(text, "╰ 1");
    expect(text, "  4");
    close_view();
    open_view(false, 30, 3);
    text = drawn();
    expect(text, "perf");
    expect(text, "eff");
    close_view();
    end();
}
END_TEST

/* A container with two of them: those are listed, the others are a sum. */
START_TEST(not_all_are_ours)
{
    mixed_machine();
    for (int i = 0; i < 8; i++)
        mixed[i].allowed = i == 5 || i == 6;
    play(8);
    open_view(false, 44, 3);
    const char *text = drawn();
    expect(text, " 5 ");
    expect(text, " 6 ");
    expect(text, "+ 6 more cores, not ours");
    close_view();
    end();
}
END_TEST

START_TEST(cores_go_and_come)
{
    mixed_machine();
    play(8);
    at(150 * MS), tell(CV_EV_CORE, CV_NO_TASK, 0, 3, 50000, 0);
    at(200 * MS), tell(CV_EV_CORE, CV_NO_TASK, 0, 9, (uint64_t)600 << 32 | 50000, 1);
    open_view(false, 44, 12);
    const char *text = drawn();
    expect(text, "offline");
    expect(text, "came while it ran");
    expect(text, " 9 ");
    v.cursor = 100 * MS;
    c.at[0].c = 0;
    cv_canvas_resize(&c, 44, 12);
    ck_assert_ptr_null(strstr(drawn(), "offline"));
    close_view();
    open_view(false, 30, 4);
    v.cursor = 200 * MS;
    text = drawn();
    expect(text, "○");
    expect(text, "new");
    close_view();
    end();
}
END_TEST

/* Nothing outside, and of 256 cores every size is a picture or a sum, without a hole in it. */
START_TEST(at_every_size)
{
    read_machine(machines[3].synthetic);
    play(256);
    for (int w = 1; w < 140; w += 3)
        for (int h = 1; h < 30; h += 2) {
            open_view(w % 2, w, h);
            ck_assert_uint_gt(strlen(drawn()), 0);
            ck_assert_int_gt(cores_rows(&v, w), 0);
            close_view();
        }
    end();
    cv_topo_free(topo);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_cores");
    TCase *t = tcase_create("cores");
    tcase_add_loop_test(t, machines_as_pictures, 0, 4 * (int)CV_COUNT(machines));
    tcase_add_test(t, kinds_and_siblings);
    tcase_add_test(t, not_all_are_ours);
    tcase_add_test(t, cores_go_and_come);
    tcase_add_test(t, at_every_size);
    suite_add_tcase(s, t);
    return s;
}
