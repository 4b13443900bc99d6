/* The user's configuration: $XDG_CONFIG_HOME/convis/config.ini, how the dashboard looks and which keys it has. What is wrong in it is
 * told as in a scenario, all of it in one go, and nothing is run. A file that is not there is no mistake. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

enum { LARGEST = 65536, MOST_WORDS = 16 };

struct word { const char *at; size_t n; struct cv_place place; };
struct reading {
    struct app_config *to;
    struct cv_ui *ui;
    struct cv_diags diags;
    enum { NOWHERE, SCREEN, KEYS, PANES } section;
    struct cv_place moved[128]; /* of each action that was given keys; line 0: it was not */
};

static const char *const section_names[] = {"", "screen", "keys", "panes"};
static const char *const screen_names[] = {"theme", "ascii", "color"}, *const pane_settings[] = {"hide", "focus"};

/* ── words of a line ────────────────────────────────────────────────────────────────────────────── */
static uint32_t code_points(const char *s, size_t n)
{
    uint32_t count = 0;
    for (size_t i = 0, length; i < n; i += length, count++)
        cv_utf8(s + i, n - i, &length);
    return count;
}

/* Words end at white space and, between values, at commas. */
static int split(const char *line, size_t n, uint32_t number, bool commas, struct word *to)
{
    int count = 0;
    for (size_t i = 0; i < n && count < MOST_WORDS;) {
        size_t from = i;
        while (i < n && line[i] != ' ' && line[i] != '\t' && !(commas && line[i] == ','))
            i++;
        if (i > from)
            to[count++] = (struct word){line + from, i - from, {number, code_points(line, from) + 1, code_points(line + from, i - from)}};
        else
            i++;
    }
    return count;
}

static bool is(struct word w, const char *s) { return w.n == strlen(s) && !memcmp(w.at, s, w.n); }

static char *copy(struct word w) { return cv_strndup(w.at, w.n); }

static void unknown(struct reading *r, struct word w, const char *what, const char *const *all, size_t n)
{
    char *word = copy(w);
    const char *near = cv_text_nearest(word, all, n);
    cv_diag_error(&r->diags, w.place, "no such %s: '%s'", what, word);
    if (near) {
        cv_diag_note(&r->diags, "did you mean '%s'?", near);
    } else {
        struct cv_buf list = {0};
        for (size_t i = 0; i < n; i++)
            cv_buf_printf(&list, "%s%s", i ? ", " : "", all[i]);
        cv_diag_note(&r->diags, "there are %s", list.at ? list.at : "none");
        cv_buf_release(&list);
    }
    free(word);
}

static int one_of(struct reading *r, struct word w, const char *what, const char *const *all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (is(w, all[i]))
            return (int)i;
    unknown(r, w, what, all, n);
    return -1;
}

/* ── settings ───────────────────────────────────────────────────────────────────────────────────── */
static void set_switch(struct reading *r, struct word value, bool *to, bool on)
{
    static const char *const words[] = {"on", "off"};
    int i = one_of(r, value, "choice", words, 2);
    if (i >= 0)
        *to = (i == 0) == on;
}

static void screen_setting(struct reading *r, struct word name, struct word value)
{
    const char *themes[32];
    size_t n = 0;
    int theme, which = one_of(r, name, "setting of [screen]", screen_names, CV_COUNT(screen_names));
    for (; cv_theme_name((int)n) && n < CV_COUNT(themes); n++)
        themes[n] = cv_theme_name((int)n);
    switch (which) {
    case 0:
        theme = one_of(r, value, "theme", themes, n);
        r->to->theme = theme >= 0 ? theme : r->to->theme;
        break;
    case 1: set_switch(r, value, &r->to->ascii, true); break;
    case 2: set_switch(r, value, &r->to->no_colour, false); break;
    default: break;
    }
}

static int pane_named(struct reading *r, struct word w)
{
    const char *names[CV_PANES];
    for (int i = 0; i < CV_PANES; i++)
        names[i] = cv_panes[i]->name;
    return one_of(r, w, "pane", names, CV_PANES);
}

static void pane_setting(struct reading *r, struct word name, const struct word *values, int n)
{
    int which = one_of(r, name, "setting of [panes]", pane_settings, CV_COUNT(pane_settings));
    const unsigned all = (1u << CV_PANES) - 1;
    for (int i = 0; i < n && which >= 0; i++) {
        int pane = pane_named(r, values[i]);
        if (pane < 0)
            continue;
        if (which == 1)
            r->to->focus = pane;
        else if ((r->to->hidden | 1u << pane) == all)
            cv_diag_error(&r->diags, values[i].place, "no pane would be left");
        else
            r->to->hidden |= 1u << pane;
    }
}

static void key_setting(struct reading *r, struct word name, const struct word *values, int n)
{
    char *word = copy(name);
    const char *names[128];
    char *owned[128];
    size_t count = 0;
    int action = cv_action_find(word), codes[2] = {0, 0};
    free(word);
    if (action < 0) {
        for (; cv_keys[count].keys && count < CV_COUNT(names); count++) {
            names[count] = owned[count] = cv_strndup(cv_keys[count].action, strlen(cv_keys[count].action));
            for (char *s = owned[count]; *s; s++)
                *s = *s == '_' ? '-' : *s;
        }
        unknown(r, name, "action", names, count);
        while (count > 0)
            free(owned[--count]);
        return;
    }
    if (n > 2) {
        cv_diag_error(&r->diags, values[2].place, "an action has two keys at most");
        return;
    }
    for (int i = 0; i < n; i++) {
        word = copy(values[i]);
        codes[i] = cv_key_find(word);
        if (!codes[i]) {
            struct cv_buf list = {0};
            for (int k = 0; cv_key_name(k); k++)
                cv_buf_printf(&list, ", %s", cv_key_name(k));
            cv_diag_error(&r->diags, values[i].place, "no such key: '%s'", word);
            cv_diag_note(&r->diags, "a key is one ASCII character%s", list.at);
            cv_buf_release(&list);
        }
        free(word);
        if (!codes[i])
            return;
    }
    if (!cv_ui_bind(r->ui, action, codes[0], codes[1]))
        cv_diag_error(&r->diags, name.place, "the keys of this one are fixed");
    else if ((size_t)action < CV_COUNT(r->moved))
        r->moved[action] = values[0].place;
}

/* Keys may change places, so this is looked at when all is read. */
static void find_clashes(struct reading *r)
{
    for (int i = 0; cv_keys[i].keys && (size_t)i < CV_COUNT(r->moved); i++) {
        int other = r->moved[i].line ? cv_ui_clash(r->ui, i) : -1;
        if (other < 0)
            continue;
        cv_diag_error(&r->diags, r->moved[i], "this key is that of another action: %s", cv_keys[other].summary);
        char *name = cv_strndup(cv_keys[other].action, strlen(cv_keys[other].action));
        for (char *s = name; *s; s++)
            *s = *s == '_' ? '-' : *s;
        cv_diag_note(&r->diags, "give '%s' another key too", name);
        free(name);
    }
}

/* ── the file ───────────────────────────────────────────────────────────────────────────────────── */
static void heading(struct reading *r, struct word w)
{
    struct word inner = {w.at + 1, w.n - 1, {w.place.line, w.place.column + 1, w.place.length - 1}};
    r->section = NOWHERE;
    if (w.at[w.n - 1] != ']') {
        cv_diag_error(&r->diags, w.place, "a section is written as [screen]");
        return;
    }
    inner.n--;
    inner.place.length--;
    int which = one_of(r, inner, "section", section_names + 1, 3);
    r->section = which < 0 ? NOWHERE : which + 1;
}

static void setting(struct reading *r, const char *line, size_t n, uint32_t number)
{
    struct word words[MOST_WORDS];
    int count = split(line, n, number, false, words), from = 2;
    if (count == 0 || *words[0].at == ';' || *words[0].at == '#')
        return;
    if (*words[0].at == '[') {
        heading(r, words[0]);
        return;
    }
    if (count < 3 || !is(words[1], "=")) {
        cv_diag_error(&r->diags, words[0].place, "a setting is written as name = value");
        return;
    }
    if (r->section == NOWHERE) {
        if (number == 1 || !r->diags.errors)
            cv_diag_error(&r->diags, words[0].place, "a setting stands in a section");
        return;
    }
    if (r->section == PANES) {
        count = split(line, n, number, true, words);
        pane_setting(r, words[0], words + from, count - from);
        return;
    }
    for (int i = from + 1; i < count; i++) /* behind the first value a comment may stand */
        if (*words[i].at == ';' || *words[i].at == '#')
            count = i;
    if (r->section == KEYS)
        key_setting(r, words[0], words + from, count - from);
    else if (count > from + 1)
        cv_diag_error(&r->diags, words[from + 1].place, "one value is enough");
    else
        screen_setting(r, words[0], words[from]);
}

static bool config_path(struct cv_buf *path)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (xdg && *xdg == '/')
        cv_buf_printf(path, "%s/convis/config.ini", xdg);
    else if (home && *home == '/')
        cv_buf_printf(path, "%s/.config/convis/config.ini", home);
    return path->n > 0;
}

/* 1: read; 0: there is none; -1: said. */
static int read_all(const char *path, struct cv_buf *text)
{
    FILE *f = fopen(path, "r");
    char piece[4096];
    if (!f && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    cv_buf_str(text, "");
    for (size_t n; f && text->n <= LARGEST && (n = fread(piece, 1, sizeof piece, f)) > 0;)
        cv_buf_add(text, piece, n);
    bool wrong = !f || ferror(f);
    if (wrong)
        app_say(APP_WRONG, "%s: cannot be read: %s", path, strerror(errno));
    if (f)
        fclose(f);
    if (!wrong && text->n > LARGEST) {
        app_say(APP_WRONG, "%s: larger than %d bytes", path, LARGEST);
        wrong = true;
    }
    return wrong ? -1 : 1;
}

void app_config_text(struct app_config *c, struct cv_ui *ui, const char *text, size_t n, struct cv_diags *diags)
{
    struct reading r = {.to = c, .ui = ui, .diags = *diags};
    uint32_t number = 1;
    *c = (struct app_config){.theme = -1, .focus = -1};
    for (size_t at = 0; at < n; number++) {
        const char *line = text + at, *end = memchr(line, '\n', n - at);
        size_t length = end ? (size_t)(end - line) : n - at;
        at += length + 1;
        setting(&r, line, length && line[length - 1] == '\r' ? length - 1 : length, number);
    }
    find_clashes(&r);
    cv_diags_sort(&r.diags);
    *diags = r.diags;
}

bool app_config_read(struct app_config *c, struct cv_ui *ui)
{
    struct cv_diags diags = {0};
    struct cv_buf path = {0}, text = {0};
    int got = config_path(&path) ? read_all(path.at, &text) : 0;
    app_config_text(c, ui, text.at, got > 0 ? text.n : 0, &diags);
    if (diags.n)
        cv_diags_print(stderr, &diags, path.at, text.at, text.n);
    bool right = got >= 0 && !diags.errors;
    cv_diags_release(&diags);
    cv_buf_release(&path);
    cv_buf_release(&text);
    return right;
}
