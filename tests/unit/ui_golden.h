/* Text against tests/golden/ui. CV_GOLDEN=write writes the goldens anew: read them before committing. */
#ifndef CONVIS_TESTS_UI_GOLDEN_H
#define CONVIS_TESTS_UI_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convis/base.h"
#include "suite.h"

static inline char *slurp(const char *path)
{
    FILE *f = fopen(path, "r");
    struct cv_buf text = {0};
    char piece[4096];
    if (!f)
        return cv_strndup("", 0);
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        cv_buf_add(&text, piece, n);
    fclose(f);
    return text.at ? text.at : cv_strndup("", 0);
}

/* The rows that differ, as diff would. */
static inline void tell_difference(const char *golden, const char *text)
{
    while (*golden || *text) {
        size_t n = strcspn(golden, "\n"), k = strcspn(text, "\n");
        if (n != k || memcmp(golden, text, n))
            fprintf(stderr, "- %.*s\n+ %.*s\n", (int)n, golden, (int)k, text);
        golden += n + (golden[n] == '\n');
        text += k + (text[k] == '\n');
    }
}

/* scene-SIZE-FORM.txt in tests/golden/ui. */
static inline void hold_against_at(const char *scene, int width, int height, bool ascii, const char *text)
{
    char path[512];
    const char *tests = getenv("CV_TESTS"), *form = ascii ? "ascii" : "utf8";
    snprintf(path, sizeof path, "%s/golden/ui/%s-%dx%d-%s.txt", tests ? tests : "tests", scene, width, height, form);
    if (getenv("CV_GOLDEN") && !strcmp(getenv("CV_GOLDEN"), "write")) {
        FILE *f = fopen(path, "w");
        ck_assert_msg(f && fputs(text, f) >= 0 && fclose(f) == 0, "%s cannot be written", path);
        return;
    }
    char *golden = slurp(path);
    if (strcmp(golden, text))
        tell_difference(golden, text);
    ck_assert_msg(!strcmp(golden, text), "not as in %s", path);
    free(golden);
}

#endif
