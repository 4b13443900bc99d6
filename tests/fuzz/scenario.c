/* Any bytes as a scenario, guided by coverage (libFuzzer): the reader yields a program or diagnostics, never neither, every place lies
 * inside the text, and what goes on from a program (its instructions in words, its Python) takes what the reader let through. */
#include <stdlib.h>

#include "convis/lang.h"
#include "convis/python.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cv_diags d = {0};
    struct cv_buf text = {0};
    uint32_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    struct cv_program *p = cv_program_read("fuzz.ini", (const char *)data, size, NULL, 0, &d);
    must((p == NULL) == (d.errors > 0));
    for (size_t i = 0; i < d.n; i++)
        must(d.at[i].at.line <= lines && d.at[i].at.column <= size + 2 && d.at[i].text[0]);
    for (uint32_t pc = 0; p && pc < p->ncode; pc++) {
        text.n = 0;
        cv_insn_text(p, pc, &text);
    }
    for (int model = 0; p && model < 3; model++) {
        text.n = 0;
        cv_python_write(&text, p, (enum cv_model_kind)model);
    }
    cv_buf_release(&text);
    cv_program_free(p);
    cv_diags_release(&d);
    return 0;
}
