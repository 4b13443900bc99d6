/* Any bytes as a transcript (libFuzzer), up to where verify would play it: it is taken apart or refused with a word; what is read as a scenario
 * is a program or diagnostics; and a transcript that the program writes of what it took is taken apart again, alike. */
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "convis/engine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void written_anew(const struct app_transcript *t, const struct cv_program *p, const struct cv_order *o)
{
    struct app_transcript again = {0};
    struct cv_summary none = {0};
    app_transcript(&again.text, p, o, t->schedule, &none);
    cv_buf_add(&again.text, "", 0);
    const char *bad = app_transcript_read(&again);
    must(!bad && !strcmp(again.schedule, t->schedule) && !strcmp(again.scenario, t->scenario));
    must(again.source.n == t->source.n && !memcmp(again.source.at, t->source.at, t->source.n));
    must(again.args.noverrides == t->args.noverrides);
    app_transcript_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app_transcript t = {0};
    struct cv_diags d = {0};
    struct cv_buf why = {0};
    struct cv_order o;
    cv_buf_add(&t.text, (const char *)data, size);
    cv_buf_add(&t.text, "", 0);
    const char *bad = app_transcript_read(&t);
    must(!bad || *bad);
    struct cv_program *p = bad ? NULL : cv_program_read(t.scenario, t.source.at, t.source.n, t.args.overrides, t.args.noverrides, &d);
    must(bad || (p == NULL) == (d.errors > 0));
    if (p && cv_order_init(&o, p, t.rules, &why)) {
        memcpy(o.params, t.args.params, sizeof o.params);
        written_anew(&t, p, &o);
    }
    cv_program_free(p);
    cv_diags_release(&d);
    cv_buf_release(&why);
    app_transcript_release(&t);
    return 0;
}
