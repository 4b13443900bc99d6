/* The record of a stepped run: whatever is cut off it, the model that is shown is that of what is left; and at any depth one step back folds
 * some thousand events, not all there are. */
#include <stdlib.h>
#include <string.h>

#include "app/rewind.h"
#include "suite.h"

enum { CHOICES = 60000, EACH = 2 };
static struct cv_run_info info;
static struct rewind r;
static uint64_t now;

static const uint64_t NEVER = UINT64_MAX;

static void tell(enum cv_event_kind kind, uint32_t task, uint64_t a, uint64_t b)
{
    rewind_take(&r, &(struct cv_event){.t = ++now, .kind = kind, .task = task, .line = 3, .a = a, .b = b});
}

/* A choice: a task reads or writes. */
static void choose(uint64_t n)
{
    uint32_t task = 1 + n % 3 % 2;
    tell(CV_EV_RUN, task, 0, 0);
    tell(n % 2 ? CV_EV_WRITE : CV_EV_READ, task, n, cv_meta(CV_TAG_INT, task, n / 2 + 1));
}

static void begin(uint64_t choices)
{
    static struct cv_info_var var = {.name = "x", .kind = CV_VAR_MEMORY};
    info = (struct cv_run_info){.model = CV_THREADS, .stepped = true, .vars = &var, .nvars = 1, .implicit_main = true};
    r = (struct rewind){0};
    now = 0;
    rewind_begin(&r, &info, NULL, cv_model_new(&info, NULL, 0));
    for (uint32_t t = 0; t < 3; t++)
        tell(CV_EV_TASK_START, t, 0, 0);
    for (uint64_t n = 0; n < choices; n++)
        choose(n);
    rewind_fold(&r, NEVER);
}

static void finish(void)
{
    cv_model_free(r.model);
    rewind_release(&r);
}

static void settle(void)
{
    while (!rewind_ready(&r))
        rewind_follow(&r, NEVER);
}

/* Back to before the last `choices`: what is shown is a new model, and whole. */
static uint64_t back(uint64_t choices)
{
    uint64_t before = r.folds, records = r.log.at[r.log.n - 1 - choices * EACH].records;
    rewind_cut(&r, records);
    rewind_fold(&r, NEVER);
    ck_assert(rewind_whole(&r));
    ck_assert_uint_eq(r.records, records);
    return r.folds - before;
}

static void same_as_anew(void)
{
    struct cv_model *anew = cv_model_new(&info, NULL, 0);
    for (size_t i = 0; i < r.log.n; i++)
        cv_model_fold(anew, &r.log.at[i].e);
    uint64_t a[CV_ST_COUNT], b[CV_ST_COUNT], end = cv_model_end(anew);
    ck_assert_uint_eq(cv_model_end(r.model), end);
    ck_assert_uint_eq(cv_model_change(r.model), cv_model_change(anew));
    ck_assert_uint_eq(cv_model_nfindings(r.model, end), cv_model_nfindings(anew, end));
    for (uint32_t t = 0; t < 3; t++) {
        cv_model_lane_shares(r.model, t, 0, end, a);
        cv_model_lane_shares(anew, t, 0, end, b);
        ck_assert_mem_eq(a, b, sizeof a);
    }
    cv_model_free(anew);
}

START_TEST(a_step_back_folds_little_at_any_depth)
{
    begin(CHOICES);
    settle();
    for (uint64_t i = 0; i < 8; i++) {
        ck_assert_uint_le(back(1 + i * 50), REWIND_BEHIND);
        same_as_anew();
        choose(i); /* and goes on otherwise */
        rewind_fold(&r, NEVER);
        settle();
    }
    finish();
}
END_TEST

START_TEST(two_steps_back_at_once_are_as_right)
{
    begin(CHOICES);
    settle();
    back(1);
    ck_assert_uint_le(back(1), CHOICES * EACH + 3); /* nothing stood behind: all of it anew */
    same_as_anew();
    rewind_follow(&r, 0); /* a portion of it: the next goes on from there */
    ck_assert_uint_gt(r.followed, 0);
    ck_assert_uint_lt(r.followed, r.log.n - REWIND_BEHIND);
    size_t done = r.followed, all = r.log.n;
    ck_assert_uint_eq(back(1), all - EACH - done);
    same_as_anew();
    finish();
}
END_TEST

START_TEST(far_back_and_short_records)
{
    begin(CHOICES);
    settle();
    ck_assert_uint_eq(back(CHOICES - 100), 100 * EACH + 3); /* before what stood behind */
    same_as_anew();
    ck_assert_uint_le(back(1), REWIND_SHORT);
    ck_assert(!r.behind);
    same_as_anew();
    back(99);
    ck_assert_uint_eq(r.log.n, 3);
    ck_assert(!rewind_cut(&r, r.records)); /* nothing is cut: the same model stands */
    finish();
}
END_TEST

/* The model that is shown has not come as far as the cut: it stays. */
START_TEST(what_is_not_folded_yet_is_cut_for_nothing)
{
    begin(100);
    for (uint64_t n = 0; n < CHOICES; n++)
        choose(n);
    struct cv_model *shown = r.model;
    ck_assert(!rewind_cut(&r, r.log.at[r.log.n - 1 - 1000].records));
    ck_assert_ptr_eq(r.model, shown);
    rewind_fold(&r, NEVER);
    same_as_anew();
    finish();
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("app_rewind");
    TCase *c = tcase_create("rewind");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, a_step_back_folds_little_at_any_depth);
    tcase_add_test(c, two_steps_back_at_once_are_as_right);
    tcase_add_test(c, far_back_and_short_records);
    tcase_add_test(c, what_is_not_folded_yet_is_cut_for_nothing);
    suite_add_tcase(s, c);
    return s;
}
