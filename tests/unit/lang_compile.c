/* What the reader makes of right programs: visible steps in the order the language promises, constants, instances, jumps
 * that stay inside their body; and every word of the tables in its own form. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "convis/lang.h"
#include "suite.h"

static struct cv_program *program(const char *text)
{
    struct cv_diags d = {0};
    struct cv_program *p = cv_program_read("test.ini", text, strlen(text), NULL, 0, &d);
    if (!p)
        cv_diags_print(stderr, &d, "test.ini", text, strlen(text));
    ck_assert_msg(p != NULL, "%s\nis refused: %s", text, d.n ? d.at[0].text : "without a word");
    cv_diags_release(&d);
    return p;
}

/* The visible steps and effects of a body, by name; with local instructions too when all is set. */
static void steps(const struct cv_program *p, uint32_t body, bool all, struct cv_buf *out)
{
    const struct cv_body *b = &p->bodies[body];
    cv_buf_str(out, "");
    for (uint32_t i = b->code; i < b->code + b->ncode; i++)
        if (all || cv_op_info[p->code[i].op].kind != CV_OPK_LOCAL)
            cv_buf_printf(out, "%s%s%s", out->n ? ", " : "", p->code[i].await ? "await " : "", cv_op_info[p->code[i].op].name);
}

static void expect_steps(const char *body, bool all, const char *wanted)
{
    struct cv_buf text = {0}, got = {0};
    cv_buf_str(&text, "[shared]\nx = 0\ny = 1\nlist = [0, 0]\n\n[sync]\nm = lock\ns = semaphore(2)\nq = queue(4)\n\n[task t]\n");
    for (const char *s = body; *s;) {
        size_t n = strcspn(s, "\n");
        cv_buf_printf(&text, "    %.*s\n", (int)n, s);
        s += n + (s[n] == '\n');
    }
    struct cv_program *p = program(text.at);
    steps(p, 1, all, &got);
    ck_assert_msg(!strcmp(got.at, wanted), "%s\n--- expected\n%s\n--- compiled\n%s", body, wanted, got.at);
    cv_program_free(p);
    cv_buf_release(&text);
    cv_buf_release(&got);
}

START_TEST(visible_steps)
{
    expect_steps("x += 1", false, "read, write, done");
    expect_steps("x += y", false, "read, read, write, done");
    expect_steps("x += y", true, "read, read, +, write, done"); /* x first, as Python */
    expect_steps("atomic x += y", false, "read, atomic, done");
    expect_steps("list[x] += y", true, "read, dup, read item, read, +, write item, done");
    expect_steps("append list, x", false, "read, append, done");
    expect_steps("a = len(list)", false, "read length, done");
    expect_steps("a = list", false, "read, done");
    expect_steps("print \"{x} {y}\"", false, "read, read, print, done");
    expect_steps("print \"a\"", false, "print, done");
    expect_steps("check x == y", true, "read, read, ==, check, done");
    expect_steps("if x == 0 and y == 1:\n    x = 2", true,
                 "read, const, ==, jump if false, keep, read, const, ==, jump if false, const, write, done");
    expect_steps("if cas(list[1], 0, 1):\n    pass", false, "cas item, done");
    expect_steps("a = 1\na += 1", false, "done");
    expect_steps("await with m:\n    x = 1", false, "await lock, write, unlock, done");
    expect_steps("with s:\n    x = 1", true, "acquire, with, const, write, release, end with, done");
    expect_steps("await get q -> a\nput q, a", true, "await get, set local, local, put, done");
    expect_steps("spin until x == 1", true, "read, const, ==, jump if true, spin, jump, done");
    expect_steps("mark here\ncpu 1ms nogil\nalloc 1K\ncrash", false, "mark, cpu, alloc, crash, done");
}
END_TEST

/* Whatever leaves a with gives it back, the innermost first; going on inside it does not. */
START_TEST(leaving_a_with)
{
    expect_steps("repeat 2:\n    with m:\n        with s:\n            break", false,
                 "lock, acquire, release, unlock, release, unlock, done");
    expect_steps("with m:\n    repeat 2:\n        break", false, "lock, unlock, done");
    expect_steps("with m:\n    repeat 2:\n        with s:\n            continue", false,
                 "lock, acquire, release, release, unlock, done");
    expect_steps("with m:\n    return", true, "lock, with, unlock, end with, done, unlock, end with, done");
}
END_TEST

START_TEST(spinning_reads_are_marked)
{
    struct cv_program *p = program("[shared]\nx = 0\n\n[task t]\n    spin until x == 1\n    check x == 1\n");
    unsigned marked = 0, plain = 0;
    for (uint32_t i = 0; i < p->ncode; i++)
        if (p->code[i].op == CV_OP_LOAD)
            p->code[i].b ? marked++ : plain++;
    ck_assert_uint_eq(marked, 1);
    ck_assert_uint_eq(plain, 1);
    cv_program_free(p);
}
END_TEST

START_TEST(the_main_task)
{
    struct cv_buf got = {0};
    struct cv_program *p = program("[task a x 2]\n    pass\n\n[task b for v in \"Ann\", \"Ben\"]\n    pass\n\n[task c(n)]\n    "
                                   "pass\n\n[task d]\n    pass\n");
    static const char *const names[] = {"a#0", "a#1", "Ann", "Ben", "d"};
    ck_assert(p->implicit_main);
    ck_assert_uint_eq(p->ninstances, CV_COUNT(names));
    for (uint32_t i = 0, at = 0; i < p->ninstances; i++, at += 2) {
        ck_assert_str_eq(p->instances[i].name, names[i]);
        ck_assert_int_eq(p->code[at].op, CV_OP_SPAWN);
        ck_assert_int_eq(p->code[at].arg, (int)p->instances[i].body);
        ck_assert_int_eq(p->code[at].b, -1 - (int)i);
    }
    ck_assert_int_eq(p->instances[3].me, 1);
    struct cv_program *one = program("[params]\nn = 1\n\n[task a x n]\n    pass\n"); /* numbered, however few there are */
    ck_assert_str_eq(one->instances[0].name, "a#0");
    cv_program_free(one);
    ck_assert_str_eq(p->instances[3].value.s, "Ben");
    ck_assert_uint_eq(p->bodies[2].nparams, 1);
    steps(p, 0, false, &got);
    ck_assert_str_eq(got.at, "spawn, spawn, spawn, spawn, spawn, await join all, done");
    cv_buf_release(&got);
    cv_program_free(p);
    p = program("[task c(n)]\n    pass\n\n[main]\nspawn c(3) -> h\nawait join h\n");
    ck_assert(!p->implicit_main);
    steps(p, 0, true, &got);
    ck_assert_str_eq(got.at, "const, spawn, set local, local, await join, done");
    cv_buf_release(&got);
    cv_program_free(p);
}
END_TEST

START_TEST(constants_are_computed)
{
    struct cv_program *p = program("[params]\nn = 3\n\n[shared]\na = [0, 1] * n\nb = -7 / 2\nc = -7 % 3\nd = 1.5s\ne = 2K * n\nf "
                                   "= \"\\u{263a}\\n\"\ng = 5us\n\n"
                                   "[task t]\n    pass\n");
    ck_assert_uint_eq(p->vars[0].initial.n, 6);
    ck_assert(p->vars[0].list);
    ck_assert_int_eq(p->vars[0].initial.items[5].i, 1);
    ck_assert_int_eq(p->vars[1].initial.i, -4);
    ck_assert_int_eq(p->vars[2].initial.i, 2);
    ck_assert_int_eq(p->vars[3].initial.i, 1500000000);
    ck_assert(p->vars[3].initial.duration);
    ck_assert_int_eq(p->vars[4].initial.i, 6144);
    ck_assert_str_eq(p->vars[5].initial.s, "\xe2\x98\xba\n");
    ck_assert_int_eq(p->vars[6].initial.i, 5000);
    cv_program_free(p);
}
END_TEST

START_TEST(settings)
{
    struct cv_program *p = program(
        "[scenario]\ntitle = A title; with\nabout = about it   ; a comment\nmodel = threads+gil\nmodels = async, threads+gil\n"
        "switch_interval = 2.5ms\ncores = 1\npool = 3\npace = 1/100\ntimeout = 2s\n\n[task t]\n    pass\n\n"
        "[expect threads+gil]\ntrue\n\n[expect processes]\ntrue\n\n[expect]\ncores_used in 0.5..1.5\n");
    ck_assert_str_eq(p->title, "A title; with");
    ck_assert_str_eq(p->about, "about it");
    ck_assert_uint_eq(p->model, CV_M_THREADS);
    ck_assert(p->gil);
    ck_assert_uint_eq(p->models, CV_M_ASYNC | CV_M_GIL);
    ck_assert_int_eq(p->switch_interval_ns, 2500000);
    ck_assert_uint_eq(p->cores, 1);
    ck_assert_uint_eq(p->pool, 3);
    ck_assert(p->pace > 0.0099 && p->pace < 0.0101);
    ck_assert_int_eq(p->timeout_ns, 2000000000);
    ck_assert_uint_eq(p->nexpects, 3);
    ck_assert(p->expects[0].gil_only);
    ck_assert_uint_eq(p->expects[0].models, CV_M_THREADS);
    ck_assert_uint_eq(p->expects[1].models, CV_M_PROCESSES);
    ck_assert_uint_eq(p->expects[2].models, 7);
    ck_assert_str_eq(p->expects[2].text, "cores_used in 0.5..1.5");
    ck_assert_int_eq(p->expects[2].expr->kind, CV_E_IN);
    cv_program_free(p);
    p = program("[task t]\n    pass\n"); /* all, if left out */
    ck_assert_uint_eq(p->models, CV_M_ASYNC | CV_M_THREADS | CV_M_GIL | CV_M_PROCESSES);
    ck_assert_uint_eq(p->model, CV_M_ASYNC);
    ck_assert(!p->gil);
    cv_program_free(p);
    p = program("[scenario]\nmodels = processes, threads+gil\n\n[task t]\n    pass\n"); /* opens in one that makes sense */
    ck_assert_uint_eq(p->model, CV_M_THREADS);
    ck_assert(p->gil);
    cv_program_free(p);
}
END_TEST

/* Jumps stay in their body, constants exist, a loop's hidden locals are used again behind it. */
START_TEST(code_is_sound)
{
    struct cv_buf text = {0};
    cv_buf_str(&text, "[task t]\n");
    for (int i = 0; i < 60; i++)
        cv_buf_str(&text, "    repeat 2:\n        for v in 1..3:\n            if v == 2:\n                continue\n            "
                          "elif v > 2 or v < 0:\n"
                          "                break\n");
    struct cv_program *p = program(text.at);
    const struct cv_body *b = &p->bodies[1];
    ck_assert_uint_eq(b->nlocals, 1 + 2 * 3);
    ck_assert_str_eq(b->locals[0], "v");
    ck_assert_ptr_null(b->locals[1]);
    unsigned jumps = 0;
    for (uint32_t i = b->code; i < b->code + b->ncode; i++) {
        const struct cv_insn *c = &p->code[i];
        if (c->op == CV_OP_FOR || (c->op >= CV_OP_JUMP && c->op <= CV_OP_JUMP_TRUE_KEEP)) {
            ck_assert(c->arg >= (int32_t)b->code && c->arg < (int32_t)(b->code + b->ncode));
            jumps++;
        }
        if (c->op == CV_OP_CONST)
            ck_assert(c->arg >= 0 && c->arg < (int32_t)p->nconsts);
        if (c->op == CV_OP_LOCAL || c->op == CV_OP_SET_LOCAL)
            ck_assert(c->arg >= 0 && c->arg < (int32_t)b->nlocals);
    }
    ck_assert_uint_ge(jumps, 60 * 7);
    cv_program_free(p);
    cv_buf_release(&text);
}
END_TEST

START_TEST(gives_and_takes)
{
    struct cv_program *p = program(
        "[sync]\nm = lock\ns = semaphore(1)\nq = queue(1)\nc = condition(m)\nev = event\nb = barrier(2)\n\n[task a]\n    with m:\n        pass\n\n[task b]\n    put q, 1\n\n"
        "[task c]\n    release s\n\n[task d]\n    wait c\n    notify c\n\n[task e]\n    wait ev\n    set ev\n    clear ev\n    barrier b\n\n"
        "[main]\nspawn a\nacquire s\n");
    static const struct {
        uint64_t gives, takes;
        bool spawns;
    } wanted[] = {{0, 2, true}, {1, 1, false}, {4, 4, false}, {2, 0, false}, {8, 8, false}, {48, 48, false}};
    for (uint32_t i = 0; i < CV_COUNT(wanted); i++) {
        ck_assert_uint_eq(p->bodies[i].gives, wanted[i].gives);
        ck_assert_uint_eq(p->bodies[i].takes, wanted[i].takes);
        ck_assert(p->bodies[i].spawns == wanted[i].spawns);
    }
    cv_program_free(p);
}
END_TEST

START_TEST(instructions_in_words)
{
    struct cv_program *p = program("[shared]\ncounter = 0\n\n[sync]\nm = lock\n\n[task t]\n    await sleep 1s   ; wait\n    "
                                   "counter += 1\n    await with m:\n"
                                   "        print \"a ; b\" # out\n");
    static const char *const wanted[] = {"await sleep 1s",  "read counter", "write counter", "await lock m",
                                         "print \"a ; b\"", "unlock m",     "done"};
    const struct cv_body *b = &p->bodies[1];
    size_t n = 0;
    for (uint32_t i = b->code; i < b->code + b->ncode; i++) {
        struct cv_buf got = {0};
        if (cv_op_info[p->code[i].op].kind == CV_OPK_LOCAL)
            continue;
        cv_insn_text(p, i, &got);
        ck_assert_uint_lt(n, CV_COUNT(wanted));
        ck_assert_str_eq(got.at, wanted[n++]);
        cv_buf_release(&got);
    }
    ck_assert_uint_eq(n, CV_COUNT(wanted));
    cv_program_free(p);
}
END_TEST

/* ── the tables of words ────────────────────────────────────────────────────────────────────────── */
/* A word's form with examples for its letters: "[await] get q -> x" is parsed with await and without. */
static void example(const char *form, bool await, struct cv_buf *out)
{
    static const struct {
        const char *letters, *example;
    } forms[] = {{"LIST", "items"}, {"-> x", "-> got"}, {"NAME(args)", "child(1)"},
                 {"NAME", "here"},  {"SIZE", "64K"},    {"CORE", "0"}, {"{E}", "{1 + 1}"},
                 {"E", "x > 0"},    {"D", "1ms"},       {"N", "3"},
                 {"A..B", "1..3"},  {"…", "…"}};
    if (*form == '[') {
        cv_buf_str(out, await ? "await " : "");
        form += strlen("[await] ");
    }
    for (const char *s = form; *s;) {
        size_t i = 0;
        bool starts = s == form || strchr(" {(\"", s[-1]) || !strncmp(s, "…", strlen("…"));
        while (i < CV_COUNT(forms) && !(starts && !strncmp(s, forms[i].letters, strlen(forms[i].letters))))
            i++;
        if (*s == '[') { /* what may be left out is left out */
            s = strchr(s, ']') + 1;
        } else if (i < CV_COUNT(forms)) {
            cv_buf_str(out, forms[i].example);
            s += strlen(forms[i].letters);
        } else {
            cv_buf_add(out, s++, 1);
        }
    }
}

START_TEST(words_parse_in_their_form)
{
    static const char head[] = "[shared]\nx = 0\nitems = [0]\n\n[sync]\nm = lock\ns = semaphore(1)\nq = queue(1)\n"
                               "c = condition(m)\ne = event\nb = barrier(2)\n\n[task "
                               "child(n)]\n    pass\n\n[task t]\n    h = 0\n";
    unsigned now = 0, later = 0;
    for (const struct cv_word *w = cv_statements; w->name; w++)
        for (int await = 0; await < (w->form[0] == '[' ? 2 : 1); await++) {
            struct cv_buf text = {0}, line = {0};
            const char *indent = "    ", *before = "", *after = "";
            example(w->form, await, &line);
            if (!strcmp(w->name, "break") || !strcmp(w->name, "continue"))
                before = "    repeat 2:\n", indent = "        ";
            if (!strncmp(w->name, "el", 2))
                before = "    if true:\n        pass\n";
            if (line.at[line.n - 1] == ':')
                after = "        pass\n";
            cv_buf_printf(&text, "%s%s%s%s\n%s", head, before, indent, line.at, after);
            struct cv_diags d = {0};
            struct cv_program *p = cv_program_read("word.ini", text.at, text.n, NULL, 0, &d);
            ck_assert_msg((p == NULL) == w->later, "%s: %s", line.at, d.n ? d.at[0].text : "accepted");
            if (w->later) {
                ck_assert_uint_eq(d.n, 1);
                ck_assert_msg(strstr(d.at[0].text, "not yet in this version") != NULL, "%s", d.at[0].text);
            }
            w->later ? later++ : now++;
            cv_program_free(p);
            cv_diags_release(&d);
            cv_buf_release(&text);
            cv_buf_release(&line);
        }
    ck_assert_uint_ge(now + later, 49);
}
END_TEST

START_TEST(names_parse_where_they_belong)
{
    static const char *const calls[] = {"len([1])",     "min(1, 2)",      "max(1, 2)",     "random(1, 2)",
                                        "cas(x, 0, 1)", "sorted([2, 1])", "count([1], 1)", "copies(x)"};
    unsigned n = 0;
    for (const struct cv_word *w = cv_functions; w->name; w++) {
        bool at_end = strstr(w->summary, "[expect]") != NULL, known = false;
        for (size_t i = 0; i < CV_COUNT(calls); i++) {
            if (strncmp(calls[i], w->name, strlen(w->name)) || calls[i][strlen(w->name)] != '(')
                continue;
            struct cv_buf text = {0};
            cv_buf_printf(&text, "[shared]\nx = 0\n\n[task t]\n    a = %s\n\n[expect]\n%s == 1\n", at_end ? "1" : calls[i],
                          at_end ? calls[i] : "1");
            cv_program_free(program(text.at));
            cv_buf_release(&text);
            known = true;
        }
        ck_assert_msg(known, "the test knows no example of %s", w->name);
        n++;
    }
    for (const struct cv_word *w = cv_builtins; w->name; w++, n++) {
        bool at_end = strstr(w->summary, "[expect]") != NULL;
        struct cv_buf text = {0};
        cv_buf_printf(&text, "[task t]\n    a = %s\n\n[expect]\n%s == 0\n", at_end ? "1" : w->name, at_end ? w->name : "1");
        cv_program_free(program(text.at));
        cv_buf_release(&text);
    }
    ck_assert_uint_ge(n, 28);
}
END_TEST

START_TEST(sections_parse_in_their_form)
{
    for (const struct cv_word *w = cv_sections; w->name; w++) {
        struct cv_buf text = {0};
        const char *event = strstr(w->form, "EVENT]"), *inside = "";
        if (!strcmp(w->name, "task") || !strcmp(w->name, "main"))
            inside = "    pass\n";
        if (!strcmp(w->name, "note"))
            inside = "text\n";
        if (!strcmp(w->name, "predict"))
            inside = "question = 1?\na = 1\nb = 2\nanswer = a\n";
        cv_buf_printf(&text, "[task other]\n    pass\n\n%.*s%s\n%s", event ? (int)(event - w->form) : (int)strlen(w->form), w->form,
                      event ? "at start]" : "", inside);
        struct cv_diags d = {0};
        struct cv_program *p = cv_program_read("section.ini", text.at, text.n, NULL, 0, &d);
        ck_assert_msg((p == NULL) == w->later, "%s: %s", w->form, d.n ? d.at[0].text : "accepted");
        ck_assert_uint_eq(d.n, w->later);
        cv_program_free(p);
        cv_diags_release(&d);
        cv_buf_release(&text);
    }
}
END_TEST

START_TEST(the_lecture_is_carried)
{
    struct cv_program *p = program("[task t for who in \"Ann\", \"b#1\"]\n    mark here\n\n[note at 300ms]\n\n  one ; [two]\n    three\n\n  four\n\n"
                                   "[note when b#1 reaches here]\nx\r\ny\n[note when t reaches here]\nz\n[note when stale read]\ns\n"
                                   "[expect]\nsometimes failed == 1\nnever deadlock\nfailed == 0\n"
                                   "[predict]\nquestion = \"Which?\"\na = this one\nb = that one\nanswer = b\nbecause = so\n");
    ck_assert_uint_eq(p->nnotes, 4);
    ck_assert_int_eq(p->notes[0].when, CV_NOTE_TIME);
    ck_assert_int_eq(p->notes[0].at_ns, 300000000);
    ck_assert_uint_eq(p->notes[0].line, 4);
    ck_assert_str_eq(p->notes[0].text, "one ; [two]\n  three\n\nfour");
    ck_assert_int_eq(p->notes[1].when, CV_NOTE_MARK);
    ck_assert_str_eq(p->notes[1].task, "b#1");
    ck_assert_str_eq(p->notes[1].mark, "here");
    ck_assert_str_eq(p->notes[1].text, "x\ny");
    ck_assert_str_eq(p->notes[2].task, "t");
    ck_assert_int_eq(p->notes[3].when, CV_NOTE_FINDING + 1);
    ck_assert_uint_eq(p->nexpects, 3);
    ck_assert_int_eq(p->expects[0].kind, CV_X_SOMETIMES);
    ck_assert_int_eq(p->expects[1].kind, CV_X_NEVER);
    ck_assert_int_eq(p->expects[2].kind, CV_X_ALWAYS);
    ck_assert_str_eq(p->expects[1].text, "never deadlock");
    ck_assert_ptr_nonnull(p->predict);
    ck_assert_str_eq(p->predict->question, "Which?");
    ck_assert_uint_eq(p->predict->nchoices, 2);
    ck_assert_str_eq(p->predict->choices[1], "that one");
    ck_assert_str_eq(p->predict->answer, "b");
    ck_assert_str_eq(p->predict->because, "so");
    cv_program_free(p);
}
END_TEST

/* The manual knows every word, and says of none that is not yet there that it is. */
START_TEST(the_manual_has_every_word)
{
    char path[1024], line[512];
    snprintf(path, sizeof path, "%s/../man/convis-scenario.5", getenv("CV_TESTS") ? getenv("CV_TESTS") : "tests");
    FILE *f = fopen(path, "r");
    ck_assert_msg(f != NULL, "cannot open %s", path);
    struct cv_buf before = {0}, after = {0}; /* the CAVEATS */
    cv_buf_str(&before, "");
    cv_buf_str(&after, "");
    for (bool caveats = false; fgets(line, sizeof line, f);) {
        caveats |= !strcmp(line, ".Sh CAVEATS\n");
        cv_buf_str(caveats ? &after : &before, line);
    }
    fclose(f);
    const struct cv_word *const tables[] = {cv_statements, cv_builtins, cv_functions, cv_sections};
    for (size_t i = 0; i < CV_COUNT(tables); i++)
        for (const struct cv_word *w = tables[i]; w->name; w++)
            ck_assert_msg(strstr((w->later ? &after : &before)->at, w->name) != NULL, "%s is not in the manual", w->name);
    cv_buf_release(&before);
    cv_buf_release(&after);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang_compile");
    TCase *t = tcase_create("code");
    tcase_add_test(t, visible_steps);
    tcase_add_test(t, leaving_a_with);
    tcase_add_test(t, spinning_reads_are_marked);
    tcase_add_test(t, the_main_task);
    tcase_add_test(t, constants_are_computed);
    tcase_add_test(t, settings);
    tcase_add_test(t, code_is_sound);
    tcase_add_test(t, gives_and_takes);
    tcase_add_test(t, instructions_in_words);
    suite_add_tcase(s, t);
    t = tcase_create("words");
    tcase_add_test(t, words_parse_in_their_form);
    tcase_add_test(t, names_parse_where_they_belong);
    tcase_add_test(t, sections_parse_in_their_form);
    tcase_add_test(t, the_lecture_is_carried);
    tcase_add_test(t, the_manual_has_every_word);
    suite_add_tcase(s, t);
    return s;
}
