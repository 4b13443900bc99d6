/* The names of things: made from the .def tables. */
#include "convis/trace.h"

const struct cv_event_info cv_event_info[CV_EV_COUNT] = {
#define CV_EVENT(id, name, conts, doc) [CV_EV_##id] = {name, doc, conts},
#include "convis/events.def"
#undef CV_EVENT
};

const char *const cv_cause_name[CV_CAUSE_COUNT] = {
#define CV_REASON(id, word, statement) [CV_AWAIT + CV_REASON_##id] = "await " word, [CV_BLOCK + CV_REASON_##id] = "block " word,
#define CV_OTHER(id, name)             [CV_CAUSE_##id] = name,
#include "convis/causes.def"
};

const char *const cv_reason_name[CV_REASON_COUNT] = {
#define CV_REASON(id, word, statement) [CV_REASON_##id] = word,
#include "convis/causes.def"
};

const struct cv_finding_info cv_finding_info[CV_FINDING_COUNT] = {
#define CV_FINDING(id, name, definition, source) [CV_FINDING_##id] = {name, definition, source},
#include "convis/findings.def"
#undef CV_FINDING
};

const char *const cv_outcome_name[] = {[CV_OUT_NONE] = "",
                                       [CV_OUT_FINISHED] = "finished",
                                       [CV_OUT_DEADLOCK] = "deadlock",
                                       [CV_OUT_TIMEOUT] = "timeout",
                                       [CV_OUT_CRASHED] = "crashed"};

const char *const cv_sync_kind_name[] = {
    [CV_SYNC_LOCK] = "lock",   [CV_SYNC_SEMAPHORE] = "semaphore", [CV_SYNC_QUEUE] = "queue",
    [CV_SYNC_EVENT] = "event", [CV_SYNC_BARRIER] = "barrier",     [CV_SYNC_CONDITION] = "condition"};
