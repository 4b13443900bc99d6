/* Panes as text: whole frames of told runs against tests/golden/ui, in UTF-8 and ASCII; and what must hold of every pane and
 * every size. CV_GOLDEN=write writes the goldens anew: read them before committing. */
#include <stdio.h>

#include "ui_golden.h"
#include "ui_scene.h"

static const int sizes[][2] = {{80, 24}, {120, 36}, {200, 60}, {40, 12}};
enum { SIZES = 4, FORMS = 2 };

static void hold_against(const char *scene, const char *text) { hold_against_at(scene, canvas.width, canvas.height, canvas.ascii, text); }

static void open_form(int i) { open_ui(i >= SIZES, sizes[i % SIZES][0], sizes[i % SIZES][1]); }

START_TEST(async_both_wait)
{
    scene_async(false);
    open_form(_i);
    hold_against("async-wait", frame());
    close_ui();
    end();
}
END_TEST

START_TEST(async_at_its_end)
{
    scene_async(true);
    open_form(_i);
    hold_against("async-end", frame());
    close_ui();
    end();
}
END_TEST

START_TEST(threads_and_a_lock)
{
    scene_threads();
    open_form(_i);
    hold_against("threads", frame());
    close_ui();
    end();
}
END_TEST

START_TEST(processes_and_copies)
{
    scene_processes();
    open_form(_i);
    hold_against("processes", frame());
    close_ui();
    end();
}
END_TEST

START_TEST(somebody_steps)
{
    scene_threads();
    open_form(_i);
    cv_ui_stage(ui, &scene_stage);
    hold_against("step", frame());
    close_ui();
    end();
}
END_TEST

/* Who ran on which core; in a run of which the kernel's switches are not known, that. */
START_TEST(by_core)
{
    scene_threads();
    open_form(_i);
    press('o');
    hold_against("by-core", frame());
    press('o');
    ck_assert_ptr_null(strstr(frame(), "by core"));
    close_ui();
    end();
    scene_async(false);
    open_form(_i);
    press('o');
    ck_assert_ptr_nonnull(strstr(frame(), "which task ran where is not known"));
    close_ui();
    end();
}
END_TEST

START_TEST(help)
{
    scene_async(true);
    open_form(_i);
    press('?');
    hold_against("help", frame());
    close_ui();
    end();
}
END_TEST

/* ── one instant, everywhere ────────────────────────────────────────────────────────────────────── */
static void expect(const char *where, const char *words)
{
    ck_assert_msg(strstr(where, words), "'%s' is not on the screen:\n%s", words, where);
}

static void expect_not(const char *where, const char *words)
{
    ck_assert_msg(!strstr(where, words), "'%s' is on the screen:\n%s", words, where);
}

START_TEST(every_pane_shows_the_instant)
{
    scene_async(true);
    open_ui(false, 120, 36);
    cv_ui_at(ui, 45 * US); /* Bob has just written, Alice waits */
    const char *then = frame();
    expect(then, "45.0 µs");
    expect(then, "\"Bob\"");
    expect(then, "⚠ Alice stale");
    expect(then, "nothing printed yet");
    expect(then, "await sleep           1");
    cv_ui_at(ui, 5 * US);
    then = frame();
    expect(then, "none");
    expect_not(then, "Alice stale");
    expect_not(then, "await sleep  ");
    cv_ui_at(ui, SECOND + 20 * US); /* Alice has printed, Bob has not */
    then = frame();
    expect(then, "1 line ");
    expect(then, "Handled by: Bob");
    expect(then, "⚠ Alice read current_user = \"Bob\"");
    close_ui();
    end();
}
END_TEST

/* What is held stands still though the run goes on. */
START_TEST(held_stands_still)
{
    scene_async(false);
    open_ui(false, 120, 36);
    frame();
    press(' ');
    char *held = cv_strndup(frame(), strlen(frame()));
    expect(held, "held: the run goes on");
    at(600 * MS), tell(CV_EV_READY, ALICE, 0, 0, CV_NO_TASK, CV_AWAIT + CV_REASON_SLEEP);
    at(700 * MS), run(ALICE, 11), prints(ALICE, "later", 0);
    cv_model_now(m, 800 * MS);
    ck_assert_str_eq(held, frame());
    press('l');
    expect(frame(), "later");
    free(held);
    close_ui();
    end();
}
END_TEST

/* What a task weighs stands beside the model, and gives way to the name. */
START_TEST(what_a_task_weighs)
{
    static const struct { int width; const char *shown, *not; } at[] = {{120, "1 thread · 456 B a task", "…"}, {40, "convis", "456"}};
    scene_async(false);
    for (size_t i = 0; i < CV_COUNT(at); i++) {
        open_ui(false, at[i].width, 24);
        cv_ui_status(ui, &(struct cv_ui_status){.source_name = "perf", .source_why = "", .source_precision = "exact", .clock_name = "tsc", .task_bytes = 456});
        struct cv_buf title = {0};
        const char *text = frame();
        cv_buf_add(&title, text, strcspn(text, "\n"));
        ck_assert_msg(strstr(title.at, at[i].shown) && !strstr(title.at, at[i].not), "%s", title.at);
        cv_buf_release(&title);
        close_ui();
    }
    end();
}
END_TEST

START_TEST(a_task_that_failed_is_named)
{
    scene_processes();
    open_ui(false, 80, 24);
    expect(frame(), "✗ Alice failed at line 10: killed by SIGSEGV");
    cv_ui_at(ui, 3 * MS + 500 * US);
    expect_not(frame(), "SIGSEGV");
    close_ui();
    end();
}
END_TEST

/* Where there is no row for each copy they stand side by side, and none is missing. */
START_TEST(many_copies)
{
    scene_processes();
    for (uint32_t task = 3; task < 12; task++) {
        char name[16];
        snprintf(name, sizeof name, "child#%u", task);
        start(task, name, 0);
        run(task, 9);
        scene_writes(task, name, 1, CV_NO_TASK);
    }
    open_ui(false, 80, 24);
    const char *text = frame();
    ck_assert_msg(!strstr(text, "each process has its own"), "there is room for a row each:\n%s", text);
    expect(text, "+6 ");
    press('\t'), press('\t'), press('\r'); /* the pane alone */
    text = frame();
    expect(text, "each process has its own");
    expect(text, "← child#11");
    press('\r');
    cv_canvas_resize(&canvas, 110, 30);
    text = frame();
    expect(text, "main     none");
    expect(text, "Alice    \"Alice\"");
    expect(text, "+3 "); /* what is not seen is said */
    for (uint32_t task = 3; task < 9; task++) {
        char pair[40];
        snprintf(pair, sizeof pair, "child#%u  \"child#%u\"", task, task);
        expect(text, pair);
    }
    close_ui();
    end();
}
END_TEST

/* The whole of a line of output is there, wrapped, and the newest is never what is cut off. */
START_TEST(long_output_wraps)
{
    scene_async(false);
    at(600 * MS), run(ALICE, 11), prints(ALICE, "first", 0);
    prints(ALICE, "a line that is much longer than the pane is wide, at any size that is tested here, and ends in a word", 1);
    open_ui(false, 80, 24);
    expect(frame(), "in a word");
    cv_canvas_resize(&canvas, 120, 36);
    const char *wide = frame();
    expect(wide, "first");
    expect(wide, "in a word");
    close_ui();
    end();
}
END_TEST

/* ── every size ─────────────────────────────────────────────────────────────────────────────────── */
/* Wide characters whole, nothing but ASCII where only ASCII may be sent, no control characters. */
static void expect_sound(void)
{
    for (int i = 0; i < canvas.width * canvas.height; i++) {
        const struct cv_cell_ui *cell = &canvas.at[i];
        bool last = (i + 1) % canvas.width == 0, first = i % canvas.width == 0;
        if (cell->c < 0x20 || cell->c == 0x7f || (canvas.ascii && cell->c >= 0x80) || (cell->wide == 1 && (last || cell[1].wide != 2)) ||
            (cell->wide == 2 && (first || cell[-1].wide != 1)))
            ck_abort_msg("%dx%d: cell %d holds U+%04X, wide %u", canvas.width, canvas.height, i, (unsigned)cell->c, cell->wide);
    }
}

START_TEST(sound_at_every_size)
{
    static void (*const scenes[])(void) = {scene_threads, scene_processes};
    scenes[_i / FORMS]();
    tell(CV_EV_PRINT, 1, 11, 0, text("宽 字 \033[2J and \xff bytes"), 0);
    open_ui(_i % FORMS, 1, 1);
    for (int h = 1; h <= 64; h += h < 30 ? 1 : 5)
        for (int w = 1; w <= 220; w += w < 90 ? 1 : 9)
            for (int key = 0; key < 4; key++) {
                cv_canvas_resize(&canvas, w, h);
                frame();
                expect_sound();
                press(key == 0 ? '?' : key == 1 ? 27 : key == 2 ? '\t' : '\r');
            }
    close_ui();
    end();
}
END_TEST

/* A pane draws nothing outside of what it was given. */
START_TEST(panes_stay_inside)
{
    enum { W = 90, H = 30, GUARD = 0x2603 };
    struct cv_view v;
    if (_i % 2)
        scene_threads();
    else
        scene_processes();
    view_init(&v, false);
    v.topo = &scene_topo;
    view_model(&v, m);
    v.cursor = view_end(&v);
    v.lane = ALICE;
    v.stage = &scene_stage;
    v.picked = scene_steps[0].task;
    for (int h = 1; h <= H - 2; h++)
        for (int w = 1; w <= W - 2; w++) {
            struct cv_rect r = {1, 1, w, h};
            cv_canvas_resize(&canvas, W, H);
            for (int i = 0; i < W * H; i++)
                canvas.at[i].c = GUARD;
            v.columns = timeline_columns(&v, r);
            cv_panes[_i / 2]->draw(&v, &canvas, r, true);
            for (int y = 0; y < H; y++)
                for (int x = 0; x < W; x++)
                    if (!(x >= 1 && x <= w && y >= 1 && y <= h) && canvas.at[y * W + x].c != GUARD)
                        ck_abort_msg("%s, %dx%d: drew at %d, %d", cv_panes[_i / 2]->name, w, h, x, y);
        }
    view_release(&v);
    cv_canvas_release(&canvas);
    end();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_panes");
    TCase *c = tcase_create("panes");
    tcase_add_loop_test(c, by_core, 0, FORMS * SIZES);
    tcase_add_loop_test(c, async_both_wait, 0, SIZES * FORMS);
    tcase_add_loop_test(c, async_at_its_end, 0, SIZES * FORMS);
    tcase_add_loop_test(c, threads_and_a_lock, 0, SIZES * FORMS);
    tcase_add_loop_test(c, processes_and_copies, 0, SIZES * FORMS);
    tcase_add_loop_test(c, somebody_steps, 0, SIZES * FORMS);
    tcase_add_loop_test(c, help, 0, SIZES * FORMS);
    tcase_add_test(c, every_pane_shows_the_instant);
    tcase_add_test(c, held_stands_still);
    tcase_add_test(c, what_a_task_weighs);
    tcase_add_test(c, a_task_that_failed_is_named);
    tcase_add_test(c, many_copies);
    tcase_add_test(c, long_output_wraps);
    tcase_add_loop_test(c, sound_at_every_size, 0, 2 * FORMS);
    tcase_add_loop_test(c, panes_stay_inside, 0, (PANE_COUNT + 1) * 2); /* with Step */
    suite_add_tcase(s, c);
    return s;
}
