/* An instruction in words, for the panes: "read counter", "await sleep 1s". */
#include <string.h>

#include "convis/lang.h"

/* The trimmed text of a source line, without its comment where that is easy to see. */
static void source_line(const struct cv_program *p, uint32_t line, struct cv_buf *out)
{
    enum { MOST = 120 };
    const char *s = p->source, *end = p->source + p->source_length;
    for (uint32_t n = 1; n < line && s; n++) {
        s = memchr(s, '\n', (size_t)(end - s));
        s = s ? s + 1 : NULL;
    }
    if (!s)
        return;
    const char *lf = memchr(s, '\n', (size_t)(end - s)), *stop = lf ? lf : end;
    while (s < stop && (*s == ' ' || *s == '\t'))
        s++;
    char quote = 0;
    const char *t = s;
    for (; t < stop; t++) {
        if (quote && *t == '\\' && t + 1 < stop)
            t++;
        else if (quote)
            quote = *t == quote ? 0 : quote;
        else if (*t == '"' || *t == '\'')
            quote = *t;
        else if ((*t == ';' || *t == '#') && (t == s || t[-1] == ' ' || t[-1] == '\t'))
            break;
    }
    while (t > s && (t[-1] == ' ' || t[-1] == '\t' || t[-1] == '\r'))
        t--;
    if (t - s > MOST) {
        for (t = s + MOST; t > s && ((unsigned char)*t & 0xc0) == 0x80; t--) {
        }
        cv_text_clean(out, s, (size_t)(t - s));
        cv_buf_str(out, "…");
        return;
    }
    cv_text_clean(out, s, (size_t)(t - s));
}

static const char *operand(const struct cv_program *p, const struct cv_insn *i)
{
    switch (i->op) {
    case CV_OP_LOCK:
    case CV_OP_UNLOCK:
    case CV_OP_ACQUIRE:
    case CV_OP_RELEASE:
    case CV_OP_PUT:
    case CV_OP_GET:
    case CV_OP_WAIT:
    case CV_OP_NOTIFY:
    case CV_OP_SET:
    case CV_OP_CLEAR:
    case CV_OP_BARRIER:
        return p->syncs[i->arg].name;
    case CV_OP_SPAWN:
        return i->b < 0 ? p->instances[-1 - i->b].name : p->bodies[i->arg].name;
    case CV_OP_MARK:
        return p->consts[i->arg].s;
    default:
        return cv_op_info[i->op].kind == CV_OPK_MEMORY ? p->vars[i->arg].name : NULL;
    }
}

void cv_insn_text(const struct cv_program *p, uint32_t pc, struct cv_buf *out)
{
    if (pc >= p->ncode)
        return;
    const struct cv_insn *i = &p->code[pc];
    switch (i->op) {
    case CV_OP_SLEEP:
    case CV_OP_FETCH:
    case CV_OP_CPU:
    case CV_OP_PRINT:
    case CV_OP_ALLOC:
    case CV_OP_PIN:
    case CV_OP_OFFLOAD:
    case CV_OP_NICE:
    case CV_OP_FAIL:
    case CV_OP_CHECK:
    case CV_OP_SPIN:
    case CV_OP_JOIN:
        if (i->line) { /* one statement a line: the line says it best */
            source_line(p, i->line, out);
            return;
        }
        break;
    default:
        break;
    }
    cv_buf_printf(out, "%s%s", i->await ? "await " : "", cv_op_info[i->op].name);
    const char *name = operand(p, i);
    if (name) {
        cv_buf_str(out, " ");
        cv_text_clean(out, name, strlen(name));
    }
}
