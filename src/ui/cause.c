/* Why, in words: what the chosen lane or object does at the cursor; what that hangs on, to the end of the chain; who ran meanwhile;
 * who let it go on. A line each, the most telling first, as many as there is room for. */
#include <string.h>

#include "ui/cause.h"

/* ── a lane ─────────────────────────────────────────────────────────────────────────────────────── */
/* ── the selected lane in words ─────────────────────────────────────────────────────────────────── */
static void say_wait(const struct cv_view *v, struct cv_lane_at at, struct cv_buf *out)
{
    struct cv_buf object = {0};
    view_object(v, at, &object);
    const char *reason = at.cause < 2 * CV_REASON_COUNT ? cv_reason_name[at.cause % CV_REASON_COUNT] : at.cause < CV_CAUSE_COUNT ? cv_cause_name[at.cause] : "";
    if (at.cause < CV_BLOCK)
        cv_buf_printf(out, "awaits %s", reason);
    else if (at.cause < 2 * CV_REASON_COUNT)
        cv_buf_printf(out, "blocks in %s, keeps its thread", reason);
    else
        cv_buf_printf(out, "waits%s%s", *reason ? ": " : "", reason);
    if (object.n)
        cv_buf_printf(out, " (%s)", object.at);
    cv_buf_release(&object);
    if (at.holder != CV_NO_TASK && at.state == CV_ST_BLOCKED)
        cv_buf_printf(out, ", held by %s", cv_model_task_name(v->m, at.holder));
}

/* How exactly it is known when; the core it had; how long it then stood in the run queue. */
static void say_preempted(const struct cv_view *v, const struct cv_preempted *p, struct cv_buf *out)
{
    cv_buf_str(out, " · preempted");
    if (p->count > 1)
        cv_buf_printf(out, " %u times", p->count);
    if (p->exact)
        cv_buf_printf(out, " %s ago", cv_duration_text(v->cursor - p->to, v->ascii));
    else
        cv_buf_printf(out, " within %s", cv_duration_text(p->to - p->from, v->ascii));
    if (!p->exact)
        cv_buf_printf(out, " that ended %s ago", cv_duration_text(v->cursor - p->to, v->ascii));
    if (p->core != CV_NO_CORE)
        cv_buf_printf(out, p->exact ? " on core %u" : ", then on core %u", p->core);
    if (p->back)
        cv_buf_printf(out, ", %s in the run queue", cv_duration_text(p->queued_ns, v->ascii));
}

static void say_lane(const struct cv_view *v, struct cv_lane_at at, struct cv_buf *out)
{
    cv_buf_printf(out, "%s: ", view_lane_name(v, v->lane));
    bool loop = v->lane == CV_LANE_LOOP;
    switch (at.state) {
    case CV_ST_RUNNING:
        if (loop && at.holder != CV_NO_TASK)
            cv_buf_printf(out, "runs %s", cv_model_task_name(v->m, at.holder));
        else if (at.core != CV_NO_CORE)
            cv_buf_printf(out, "runs on core %u", at.core);
        else
            cv_buf_str(out, "runs");
        break;
    case CV_ST_WAITING: case CV_ST_BLOCKED:
        if (loop)
            cv_buf_str(out, "sleeps in poll, nobody is ready");
        else
            say_wait(v, at, out);
        break;
    case CV_ST_READY:
        if (at.cause == CV_CAUSE_QUANTUM && !at.exact && cv_model_inexact(v->m, v->lane, at.since > 1000 ? at.since - 1000 : 0, at.since))
            cv_buf_str(out, "preempted in this interval, for so long in all, not known when");
        else if (at.cause == CV_CAUSE_QUANTUM)
            cv_buf_str(out, "preempted: could run, the core is busy");
        else if (at.cause == CV_CAUSE_GIL)
            cv_buf_str(out, "could run, waits for the GIL");
        else
            cv_buf_printf(out, "ready: could run, %s is busy", cv_model_has_loop(v->m) ? "the loop" : "the core");
        if (at.holder != CV_NO_TASK)
            cv_buf_printf(out, at.cause == CV_CAUSE_GIL ? ", held by %s" : " with %s", cv_model_task_name(v->m, at.holder));
        break;
    case CV_ST_FROZEN:
        if (at.holder != CV_NO_TASK)
            cv_buf_printf(out, "frozen: %s holds the loop in a blocking call", cv_model_task_name(v->m, at.holder));
        else
            cv_buf_str(out, "frozen: a blocking call holds the loop");
        break;
    case CV_ST_LOST:
        cv_buf_str(out, v->cursor < cv_model_begin(v->m) ? "gone: older than what the history holds (--history)" : "lost: records are missing here");
        break;
    default: cv_buf_str(out, cv_state_info[at.state].name); break;
    }
    bool ended = at.state == CV_ST_DONE || at.state == CV_ST_FAILED;
    if (v->cursor > at.since && at.state != CV_ST_NONE)
        cv_buf_printf(out, ended ? " %s ago" : " · for %s", cv_duration_text(v->cursor - at.since, v->ascii));
    if (at.line)
        cv_buf_printf(out, " · line %u", at.line);
    if (at.state == CV_ST_FAILED && cv_model_failure(v->m, v->lane))
        cv_buf_printf(out, " · %s", cv_model_failure(v->m, v->lane));
    if (at.waker != CV_NO_TASK && (at.state == CV_ST_READY || at.state == CV_ST_RUNNING))
        cv_buf_printf(out, " · woken by %s", cv_model_task_name(v->m, at.waker));
    uint64_t when, moves = cv_model_moves(v->m, v->lane, v->cursor);
    struct cv_preempted last;
    enum cv_cause cause;
    uint32_t line;
    bool waits = at.state == CV_ST_WAITING || at.state == CV_ST_BLOCKED;
    if (!loop && !waits && cv_model_preempted(v->m, v->lane, v->cursor, &last))
        say_preempted(v, &last, out);
    else if (!loop && !waits && cv_model_lane_switch(v->m, v->lane, v->cursor, &when, &cause, &line) && cause < CV_CAUSE_COUNT && cause != CV_CAUSE_EXIT)
        cv_buf_printf(out, " · last switch: %s %s ago", cv_cause_name[cause], cv_duration_text(v->cursor - when, v->ascii));
    if (moves && at.state != CV_ST_NONE)
        cv_buf_printf(out, " · %llu move%s between cores", (unsigned long long)moves, moves == 1 ? "" : "s");
    uint32_t pid = 0, tid = 0;
    if (!loop && at.state != CV_ST_NONE)
        cv_model_ids(v->m, v->lane, &pid, &tid);
    if (tid)
        cv_buf_printf(out, " · tid %u", tid);
}

/* Whom a lane waits for, as far as that is one task: the holder of the lock, the task it joins, whoever has the loop or the core. */
static uint32_t in_its_way(const struct cv_lane_at *at)
{
    bool joins = at->cause < 2 * CV_REASON_COUNT && (at->cause % CV_REASON_COUNT == CV_REASON_JOIN || at->cause % CV_REASON_COUNT == CV_REASON_OFFLOAD);
    if (at->state == CV_ST_WAITING)
        return joins ? at->object : CV_NO_TASK;
    return at->state == CV_ST_BLOCKED || at->state == CV_ST_FROZEN || at->state == CV_ST_READY ? at->holder : CV_NO_TASK;
}

/* "because Bob awaits sleep at line 12 (for 3 ms); he waits for Carol, who …": the chain behind the chosen lane. */
static void say_chain(const struct cv_view *v, struct cv_lane_at at, struct cv_buf *out)
{
    enum { LINKS = 6 };
    uint32_t seen[LINKS] = {v->lane}, n = 1;
    for (uint32_t next = in_its_way(&at); next != CV_NO_TASK && n < LINKS; next = in_its_way(&at)) {
        uint32_t k = 0;
        while (k < n && seen[k] != next)
            k++;
        if (k < n) {
            cv_buf_printf(out, " %s %s: round in a circle, nobody can go on", v->ascii ? "->" : "→", cv_model_task_name(v->m, next));
            return;
        }
        seen[n++] = next;
        at = cv_model_lane_at(v->m, next, v->cursor);
        struct cv_buf object = {0};
        view_object(v, at, &object);
        cv_buf_printf(out, n == 2 ? "because %s" : v->ascii ? " -> %s" : " → %s", cv_model_task_name(v->m, next));
        bool waits = at.state == CV_ST_WAITING || at.state == CV_ST_BLOCKED;
        if (waits && at.cause < 2 * CV_REASON_COUNT)
            cv_buf_printf(out, " %s %s", at.cause < CV_BLOCK ? "awaits" : "blocks in", cv_reason_name[at.cause % CV_REASON_COUNT]);
        else
            cv_buf_printf(out, " is %s", cv_state_info[at.state].name);
        if (object.n)
            cv_buf_printf(out, " (%s)", object.at);
        if (at.line)
            cv_buf_printf(out, " at line %u", at.line);
        cv_buf_release(&object);
    }
}

/* "Bob 62% · Carol 30%": of the time between two instants. */
static void say_shares(const struct cv_view *v, uint32_t lane, uint64_t from, uint64_t to, struct cv_buf *out)
{
    enum { MOST = 6 };
    struct cv_share share[MOST];
    uint32_t all, n = cv_model_meanwhile(v->m, lane, from, to, share, MOST, &all);
    for (uint32_t i = 0; i < n; i++) {
        double part = 100.0 * (double)share[i].ns / (double)(to - from);
        cv_buf_printf(out, part < 0.05 ? "%s%s <0.1%%" : part < 10 ? "%s%s %.1f%%" : "%s%s %.0f%%", i ? v->ascii ? ", " : " · " : "", cv_model_task_name(v->m, share[i].task), part);
    }
    if (all > n)
        cv_buf_printf(out, " and %u more", all - n);
    if (!n)
        cv_buf_str(out, "nobody");
}

static void say_meanwhile(const struct cv_view *v, struct cv_lane_at at, struct cv_buf *out)
{
    struct cv_wake w;
    bool rests = at.state == CV_ST_WAITING || at.state == CV_ST_BLOCKED || at.state == CV_ST_READY || at.state == CV_ST_FROZEN;
    uint64_t from = at.since, to = v->cursor;
    if (!rests) { /* it goes on: the last time it did not */
        if (at.state != CV_ST_RUNNING || !cv_model_wake(v->m, v->lane, v->cursor, &w) || w.cause == CV_CAUSE_COUNT)
            return;
        from = w.since;
        to = at.since;
    }
    if (to <= from)
        return;
    cv_buf_printf(out, "ran meanwhile (%s): ", cv_duration_text(to - from, v->ascii));
    say_shares(v, v->lane, from, to, out);
}

static void say_wake(const struct cv_view *v, struct cv_lane_at at, struct cv_buf *out)
{
    struct cv_wake w;
    if (at.state == CV_ST_NONE || !cv_model_wake(v->m, v->lane, v->cursor, &w))
        return;
    if (w.cause == CV_CAUSE_COUNT) {
        if (w.waker != CV_NO_TASK)
            cv_buf_printf(out, "started by %s at %s", cv_model_task_name(v->m, w.waker), cv_duration_text(w.t, v->ascii));
        return;
    }
    bool timer = w.cause % CV_REASON_COUNT == CV_REASON_SLEEP, answer = w.cause % CV_REASON_COUNT == CV_REASON_FETCH;
    cv_buf_printf(out, "woken by %s", w.waker != CV_NO_TASK ? cv_model_task_name(v->m, w.waker) : timer ? "its timer" : answer ? "its answer" : "the kernel");
    cv_buf_printf(out, " at %s", cv_duration_text(w.t, v->ascii));
    cv_buf_printf(out, ", after %s in %s", cv_duration_text(w.t - w.since, v->ascii), cv_cause_name[w.cause]);
    const struct cv_run_info *info = cv_model_info(v->m);
    if (w.object < info->nsyncs && w.cause % CV_REASON_COUNT >= CV_REASON_LOCK && w.cause % CV_REASON_COUNT <= CV_REASON_BARRIER) {
        cv_buf_str(out, " (");
        cv_text_clean(out, info->syncs[w.object].name, strlen(info->syncs[w.object].name));
        cv_buf_str(out, ")");
    }
}

/* ── the loop ───────────────────────────────────────────────────────────────────────────────────── */
static void say_loop(const struct cv_view *v, struct cv_buf *queue, struct cv_buf *shares, struct cv_buf *worst)
{
    struct cv_loop_at at = cv_model_loop_at(v->m, v->cursor);
    const struct census *all = view_census(v);
    uint64_t from = view_from(v), to = v->cursor;
    cv_buf_printf(queue, "%llu ready now", (unsigned long long)all->by_state[CV_ST_READY]);
    if (all->by_state[CV_ST_FROZEN])
        cv_buf_printf(queue, ", %llu frozen", (unsigned long long)all->by_state[CV_ST_FROZEN]);
    if (at.counted)
        cv_buf_printf(queue, "; as its last pass began %u were ready, %u timer%s and %u fetch%s open", at.ready, at.timers, at.timers == 1 ? "" : "s", at.fetches, at.fetches == 1 ? "" : "es");
    if (to > from) {
        cv_buf_printf(shares, "had it in this window (%s): ", cv_duration_text(to - from, v->ascii));
        say_shares(v, CV_LANE_LOOP, from, to, shares);
    }
    if (at.worst_by == CV_NO_TASK)
        return;
    cv_buf_printf(worst, "longest unserved: %s, ", cv_duration_text(at.worst_ns, v->ascii));
    cv_buf_printf(worst, "while %s had it", cv_model_task_name(v->m, at.worst_by));
    if (at.worst_line)
        cv_buf_printf(worst, " at line %u", at.worst_line);
    cv_buf_printf(worst, ", until %s", cv_duration_text(at.worst_at, v->ascii));
}

/* ── an object ──────────────────────────────────────────────────────────────────────────────────── */
static void add_ago(const struct cv_view *v, uint64_t t, struct cv_buf *out) { cv_buf_printf(out, " %s ago", cv_duration_text(v->cursor - t, v->ascii)); }

static void say_sync(const struct cv_view *v, uint32_t sync, struct cv_buf out[CAUSE_LINES])
{
    enum { MOST = 6 };
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_sync_at at = cv_model_sync_at(v->m, sync, v->cursor);
    struct cv_sync_step step;
    struct cv_waiter who[MOST];
    enum cv_sync_kind kind = info->syncs[sync].kind;
    cv_text_clean(&out[0], info->syncs[sync].name, strlen(info->syncs[sync].name));
    cv_buf_printf(&out[0], " (%s): ", cv_sync_kind_name[kind]);
    switch (kind) {
    case CV_SYNC_LOCK:
        if (at.owner != CV_NO_TASK)
            cv_buf_printf(&out[0], "held by %s", cv_model_task_name(v->m, at.owner));
        else
            cv_buf_str(&out[0], "free");
        break;
    case CV_SYNC_QUEUE: cv_buf_printf(&out[0], "%llu of %llu", (unsigned long long)at.length, (unsigned long long)info->syncs[sync].size); break;
    case CV_SYNC_SEMAPHORE: cv_buf_printf(&out[0], "%llu free", (unsigned long long)at.length); break;
    case CV_SYNC_EVENT: cv_buf_str(&out[0], at.length ? "set" : "not set"); break;
    case CV_SYNC_BARRIER: cv_buf_printf(&out[0], "%llu of %llu came", (unsigned long long)at.length, (unsigned long long)info->syncs[sync].size); break;
    case CV_SYNC_CONDITION: cv_buf_printf(&out[0], "%llu wait to be notified", (unsigned long long)at.length); break;
    }
    for (uint64_t t = v->cursor; cv_model_sync_step(v->m, sync, t, -1, &step); t = step.t - 1) {
        if (step.task != CV_NO_TASK) {
            cv_buf_printf(&out[0], " · %s by %s", step.take ? "taken" : "given", cv_model_task_name(v->m, step.task));
            add_ago(v, step.t, &out[0]);
            break;
        }
        if (step.t == 0)
            break;
    }
    cv_buf_printf(&out[0], " · %llu take%s", (unsigned long long)at.takes, at.takes == 1 ? "" : "s");
    uint32_t all = cv_model_waiters(v->m, sync, v->cursor, who, MOST);
    if (all)
        cv_buf_printf(&out[1], "%u in line: ", all);
    else
        cv_buf_str(&out[1], "nobody in line");
    for (uint32_t i = 0; i < all && i < MOST; i++)
        cv_buf_printf(&out[1], "%s%s for %s", i ? ", " : "", cv_model_task_name(v->m, who[i].task), cv_duration_text(v->cursor - who[i].since, v->ascii));
    if (all > MOST)
        cv_buf_str(&out[1], ", …");
    if (kind == CV_SYNC_LOCK && at.owner != CV_NO_TASK) {
        struct cv_lane_at owner = cv_model_lane_at(v->m, at.owner, v->cursor);
        cv_buf_printf(&out[2], "%s is %s", cv_model_task_name(v->m, at.owner), cv_state_info[owner.state].name);
        if (owner.line)
            cv_buf_printf(&out[2], " at line %u", owner.line);
        uint32_t lane = in_its_way(&owner);
        if (lane != CV_NO_TASK)
            cv_buf_printf(&out[2], ", because of %s", cv_model_task_name(v->m, lane));
    }
}

static void say_var(const struct cv_view *v, uint32_t var, struct cv_buf out[CAUSE_LINES])
{
    enum { LAST = 5 };
    const struct cv_run_info *info = cv_model_info(v->m);
    struct cv_var_at at = cv_model_var_at(v->m, var, CV_NO_TASK, v->cursor);
    cv_text_clean(&out[0], info->vars[var].name, strlen(info->vars[var].name));
    cv_buf_str(&out[0], " = ");
    cv_model_var_text(v->m, var, CV_NO_TASK, v->cursor, 60, &out[0]);
    if (at.written && at.writer != CV_NO_TASK) {
        cv_buf_printf(&out[0], " · written by %s", cv_model_task_name(v->m, at.writer));
        if (at.line)
            cv_buf_printf(&out[0], " at line %u", at.line);
        add_ago(v, at.t, &out[0]);
    }
    cv_buf_printf(&out[0], " · %llu write%s, %llu read%s", (unsigned long long)at.writes, at.writes == 1 ? "" : "s", (unsigned long long)at.reads, at.reads == 1 ? "" : "s");
    if (at.stale != CV_NO_TASK)
        cv_buf_printf(&out[1], "⚠ %s goes by an older version", cv_model_task_name(v->m, at.stale));
    struct cv_access last[LAST];
    uint32_t n = 0;
    for (uint64_t t = v->cursor + 1; n < LAST && cv_model_access(v->m, var, t, -1, &last[n]); n++)
        t = last[n].t;
    struct cv_buf *story = &out[out[1].n ? 2 : 1];
    if (n)
        cv_buf_str(story, "before: ");
    for (uint32_t i = n; i-- > 0;) {
        cv_buf_printf(story, "%s%s ", i + 1 < n ? v->ascii ? ", " : " · " : "", cv_model_task_name(v->m, last[i].task));
        cv_buf_str(story, last[i].write ? "wrote " : "read ");
        cv_model_var_text(v->m, var, CV_NO_TASK, last[i].t, 20, story);
    }
}

/* ── lines ──────────────────────────────────────────────────────────────────────────────────────── */
/* Empty ones fall out. */
static int close_ranks(struct cv_buf lines[CAUSE_LINES], enum cv_colour colours[CAUSE_LINES])
{
    int n = 0;
    for (int i = 0; i < CAUSE_LINES; i++) {
        if (!lines[i].n)
            continue;
        struct cv_buf line = lines[i];
        lines[i] = (struct cv_buf){0};
        colours[n] = colours[i];
        lines[n++] = line;
    }
    return n;
}

int cause_lines(const struct cv_view *v, struct cv_buf lines[CAUSE_LINES], enum cv_colour colours[CAUSE_LINES])
{
    uint32_t nvars = cv_model_info(v->m)->nvars;
    for (int i = 0; i < CAUSE_LINES; i++) {
        lines[i] = (struct cv_buf){0};
        colours[i] = CV_C_TEXT;
    }
    if (v->object != CV_NO_TASK) {
        colours[0] = CV_C_FOCUS;
        v->object < nvars ? say_var(v, v->object, lines) : say_sync(v, v->object - nvars, lines);
        if (v->object < nvars && lines[1].n && !strncmp(lines[1].at, "⚠", strlen("⚠")))
            colours[1] = CV_C_WARN;
        return close_ranks(lines, colours);
    }
    struct cv_lane_at at = cv_model_lane_at(v->m, v->lane, v->cursor);
    colours[0] = view_state_colour(at.state);
    say_lane(v, at, &lines[0]);
    if (v->lane == CV_LANE_LOOP) {
        say_loop(v, &lines[1], &lines[2], &lines[3]);
    } else {
        say_chain(v, at, &lines[1]);
        say_meanwhile(v, at, &lines[2]);
        say_wake(v, at, &lines[3]);
    }
    return close_ranks(lines, colours);
}
