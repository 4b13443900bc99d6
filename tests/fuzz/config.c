/* Any bytes as a configuration (libFuzzer): every place lies inside the text, every message says something, and where nothing is wrong no two
 * actions have one key and a pane is left. */
#include <stdlib.h>

#include "app/app.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct app_config c;
    struct cv_diags d = {0};
    struct cv_ui *ui = cv_ui_new(false), *fresh = cv_ui_new(false);
    uint32_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    app_config_text(&c, ui, (const char *)data, size, &d);
    for (size_t i = 0; i < d.n; i++)
        must(d.at[i].at.line <= lines && d.at[i].at.column + d.at[i].at.length <= size + 2 && d.at[i].text[0]);
    FILE *nowhere = fopen("/dev/null", "w");
    cv_diags_print(nowhere, &d, "config.ini", (const char *)data, size);
    fclose(nowhere);
    must(c.theme < 0 || cv_theme_name(c.theme));
    must(c.focus >= -1 && c.focus < CV_PANES && c.hidden != (1u << CV_PANES) - 1);
    for (int action = 0; !d.errors && cv_keys[action].keys; action++)
        must(cv_ui_clash(ui, action) < 0 || cv_ui_clash(fresh, action) >= 0); /* some have one from the beginning, for another time */
    cv_ui_free(ui);
    cv_ui_free(fresh);
    cv_diags_release(&d);
    return 0;
}
