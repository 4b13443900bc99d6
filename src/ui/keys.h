/* keys: from the table in keys.def. */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include "ui/view.h"

enum { KEYS_RUN = 1, KEYS_STAGE = 2, KEYS_ALWAYS = 3, KEYS_STORY = 4 }; /* when a key means this */
struct keys_entry { unsigned when; int codes[2]; const char *keys, *bar, *summary; enum cv_command (*act)(struct cv_view *v, int key); };
extern const struct keys_entry keys_table[];
extern const size_t keys_count;
bool keys_hold(const struct keys_entry *k, const struct cv_view *v); /* now? */
/* CV_CMD_NONE: the key means nothing here. */
enum cv_command keys_dispatch(struct cv_view *v, int key);

#endif
