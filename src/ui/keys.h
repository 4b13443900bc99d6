/* keys: from the table in keys.def. */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include "ui/view.h"

enum { KEYS_RUN = 1, KEYS_STAGE = 2, KEYS_ALWAYS = 3, KEYS_STORY = 4 }; /* when a key means this */
struct keys_entry { unsigned when; int codes[2]; const char *keys, *bar, *summary; enum cv_command (*act)(struct cv_view *v, int key); };
extern const struct keys_entry keys_table[];
extern const size_t keys_count;
bool keys_hold(const struct keys_entry *k, const struct cv_view *v); /* now? */
/* bind.c: keys that the user has given to actions in place of the table's. */
int keys_code(const struct cv_view *v, size_t i, int which);
const char *keys_shown(const struct cv_view *v, size_t i);
int keys_meant(const struct cv_view *v, size_t i, int key); /* the table's key that it stands for in row i; 0: none */
bool keys_bind(struct cv_view *v, int action, int first, int second); /* false: that one stays */
int keys_clash(const struct cv_view *v, int action);        /* another row that wants one of its keys at the same time; -1 */
/* CV_CMD_NONE: the key means nothing here. A story's keys come before those of a pane, and these before all others. */
enum cv_command keys_story(struct cv_view *v, int key);
enum cv_command keys_dispatch(struct cv_view *v, int key);

#endif
