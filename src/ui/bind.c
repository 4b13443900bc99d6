/* Other keys for what keys.def says: how keys are called, what the actions are called, and which of them the user has moved. What
 * an action does is asked of it with the key of the table, whichever was pressed. */
#include <stdlib.h>
#include <string.h>

#include "ui/keys.h"

struct keys_bound { int codes[2]; bool moved; char shown[40]; };

static const struct { const char *name, *shown; int code; } names[] = {
    {"Space", "Space", ' '}, {"Tab", "Tab", '\t'}, {"S-Tab", "S-Tab", CV_KEY_BACKTAB}, {"Enter", "Enter", '\r'}, {"Esc", "Esc", 27},
    {"Backspace", "Backspace", CV_KEY_BACKSPACE}, {"Left", "←", CV_KEY_LEFT}, {"Right", "→", CV_KEY_RIGHT}, {"Up", "↑", CV_KEY_UP},
    {"Down", "↓", CV_KEY_DOWN}, {"Home", "Home", CV_KEY_HOME}, {"End", "End", CV_KEY_END}, {"PgUp", "PgUp", CV_KEY_PAGE_UP},
    {"PgDn", "PgDn", CV_KEY_PAGE_DOWN}, {"S-Left", "S-←", CV_KEY_SHIFT_LEFT}, {"S-Right", "S-→", CV_KEY_SHIFT_RIGHT}};

int cv_key_find(const char *name)
{
    for (size_t i = 0; i < CV_COUNT(names); i++)
        if (!strcmp(names[i].name, name))
            return names[i].code;
    return name[0] > ' ' && name[0] < 0x7f && !name[1] ? name[0] : 0;
}

const char *cv_key_name(int i) { return i >= 0 && (size_t)i < CV_COUNT(names) ? names[i].name : NULL; }

/* "n-to-m" in the file is key_n_to_m here. */
int cv_action_find(const char *name)
{
    for (size_t i = 0; i < keys_count; i++) {
        const char *a = cv_keys[i].action, *b = name;
        while (*a && (*a == *b || (*a == '_' && *b == '-')))
            a++, b++;
        if (!*a && !*b)
            return (int)i;
    }
    return -1;
}

/* The table's codes that stand for many keys. */
static bool many(const struct keys_entry *k) { return (k->codes[0] == '1' && k->codes[1] == '9') || (k->codes[0] == 'a' && k->codes[1] == 'e'); }

int keys_code(const struct cv_view *v, size_t i, int which) { return v->bound && v->bound[i].moved ? v->bound[i].codes[which] : keys_table[i].codes[which]; }
const char *keys_shown(const struct cv_view *v, size_t i) { return v->bound && v->bound[i].moved ? v->bound[i].shown : keys_table[i].keys; }

int keys_meant(const struct cv_view *v, size_t i, int key)
{
    const struct keys_entry *k = &keys_table[i];
    if (many(k))
        return key >= k->codes[0] && key <= k->codes[1] ? key : 0;
    for (int which = 0; which < 2; which++)
        if (key && keys_code(v, i, which) == key)
            return k->codes[which] ? k->codes[which] : k->codes[0];
    return 0;
}

static void show_code(struct keys_bound *b, int code)
{
    size_t n = strlen(b->shown);
    const char *name = NULL;
    for (size_t i = 0; i < CV_COUNT(names); i++)
        name = names[i].code == code ? names[i].shown : name;
    if (name)
        snprintf(b->shown + n, sizeof b->shown - n, "%s%s", n ? " " : "", name);
    else
        snprintf(b->shown + n, sizeof b->shown - n, "%s%c", n ? " " : "", code);
}

bool keys_bind(struct cv_view *v, int action, int first, int second)
{
    if (action < 0 || (size_t)action >= keys_count || many(&keys_table[action]))
        return false;
    if (!v->bound)
        v->bound = cv_alloc(keys_count * sizeof *v->bound);
    for (size_t i = 0; i < keys_count; i++) { /* in every situation in which there is that action */
        struct keys_bound *b = &v->bound[i];
        if (keys_table[i].act != keys_table[action].act)
            continue;
        *b = (struct keys_bound){.codes = {first, second}, .moved = true};
        show_code(b, first);
        if (second)
            show_code(b, second);
    }
    return true;
}

/* Do two rows hold at the same time? Those of the story come before all others and are meant to. */
static bool beside(const struct keys_entry *a, const struct keys_entry *b) { return (a->when & b->when) != 0; }

static int clash_of_row(const struct cv_view *v, size_t row)
{
    for (size_t i = 0; i < keys_count; i++)
        for (int which = 0; which < 2 && keys_table[i].act != keys_table[row].act; which++)
            if (beside(&keys_table[i], &keys_table[row]) && keys_meant(v, i, keys_code(v, row, which)))
                return (int)i;
    return -1;
}

int keys_clash(const struct cv_view *v, int action)
{
    int other = -1;
    for (size_t i = 0; i < keys_count && other < 0; i++)
        if (keys_table[i].act == keys_table[action].act)
            other = clash_of_row(v, i);
    return other;
}
