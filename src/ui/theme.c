/* The themes. Blue, orange and purple carry what green and red would carry elsewhere (after Okabe and Ito). What is to be read stands out from its
 * ground by 4.5 to 1, under projector by 7, as WCAG measures it; of the 8 colours only those are used that do so on most terminals (blue is too
 * dark on black; green, yellow and cyan are too light on white). tests/unit/ui_theme.c holds the table to it. */
#include <string.h>

#include "ui/theme.h"

const struct theme themes[THEMES] = {
    {
        .name = "dark", .summary = "for a dark terminal, on its own background", .ground = THEME_OWN, .ground_8 = -1,
        .of = {
            [CV_C_TEXT] = {THEME_OWN, -1, 0, 0}, [CV_C_DIM] = {0x8a8a8a, -1, 0, CV_A_DIM}, [CV_C_TITLE] = {THEME_OWN, -1, 0, CV_A_BOLD},
            [CV_C_FRAME] = {0x6c6c6c, -1, 0, CV_A_DIM}, [CV_C_FOCUS] = {0x5fafff, 6, 0, CV_A_BOLD},
            [CV_C_RUNNING] = {0x00af87, 2, 0, CV_A_BOLD}, [CV_C_READY] = {0xffaf00, 3, 0, 0}, [CV_C_WAITING] = {0x5fafd7, 6, 0, 0},
            [CV_C_BLOCKED] = {0xff5f00, 1, 0, CV_A_BOLD}, [CV_C_FROZEN] = {0xd75fff, 5, 0, CV_A_BOLD},
            [CV_C_DONE] = {0x8a8a8a, -1, 0, CV_A_DIM}, [CV_C_FAILED] = {0xff5f5f, 1, 0, CV_A_BOLD},
            [CV_C_PREEMPT] = {0xff8700, 3, 0, CV_A_BOLD}, [CV_C_AWAIT] = {0x5fafff, 6, 0, CV_A_BOLD}, [CV_C_BLOCK] = {0xff5f00, 1, 0, 0},
            [CV_C_WARN] = {0xff8700, 3, 0, CV_A_BOLD}, [CV_C_GOOD] = {0x00af87, 2, 0, 0}, [CV_C_KEY] = {0x5fafff, 6, 0, CV_A_BOLD},
            [CV_C_CURSOR] = {0xffd700, 3, 0, CV_A_BOLD}, [CV_C_SYSTEM] = {0xaf87af, 5, 0, 0},
        },
    },
    {
        .name = "light", .summary = "dark ink on white", .ground = 0xffffff, .ground_8 = 7,
        .of = {
            [CV_C_TEXT] = {0x1c1c1c, 0, 0, 0}, [CV_C_DIM] = {0x626262, 0, 0, 0}, [CV_C_TITLE] = {0x000000, 0, 0, CV_A_BOLD},
            [CV_C_FRAME] = {0x8a8a8a, 0, 0, 0}, [CV_C_FOCUS] = {0x005faf, 4, 0, CV_A_BOLD}, [CV_C_RUNNING] = {0x00785a, 4, 0, 0},
            [CV_C_READY] = {0x8a6500, 5, 0, 0}, [CV_C_WAITING] = {0x0067af, 0, 0, 0}, [CV_C_BLOCKED] = {0xc42c00, 1, 0, 0},
            [CV_C_FROZEN] = {0xaf00af, 5, 0, CV_A_BOLD}, [CV_C_DONE] = {0x626262, 0, 0, 0}, [CV_C_FAILED] = {0xa0004a, 1, 0, CV_A_BOLD},
            [CV_C_PREEMPT] = {0xaf4a00, 1, 0, CV_A_BOLD}, [CV_C_AWAIT] = {0x005faf, 4, 0, 0}, [CV_C_BLOCK] = {0xc42c00, 1, 0, 0},
            [CV_C_WARN] = {0xaf5f00, 1, 0, CV_A_BOLD}, [CV_C_GOOD] = {0x00785a, 4, 0, 0}, [CV_C_KEY] = {0x005faf, 4, 0, CV_A_BOLD},
            [CV_C_CURSOR] = {0x8700af, 5, 0, CV_A_BOLD}, [CV_C_SYSTEM] = {0x875f87, 5, 0, 0},
        },
    },
    {
        .name = "projector", .summary = "black on white, strong, nothing faint: for a lecture hall", .ground = 0xffffff, .ground_8 = 7,
        .of = {
            [CV_C_TEXT] = {0x000000, 0, 0, 0}, [CV_C_DIM] = {0x303030, 0, 0, 0}, [CV_C_TITLE] = {0x000000, 0, CV_A_BOLD, 0},
            [CV_C_FRAME] = {0x4e4e4e, 0, 0, 0}, [CV_C_FOCUS] = {0x0000d7, 4, CV_A_BOLD, 0}, [CV_C_RUNNING] = {0x005f5f, 4, CV_A_BOLD, 0},
            [CV_C_READY] = {0x6a4c00, 5, CV_A_BOLD, 0}, [CV_C_WAITING] = {0x00478f, 0, 0, 0},
            [CV_C_BLOCKED] = {0xaf0000, 1, CV_A_BOLD, 0}, [CV_C_FROZEN] = {0x87005f, 5, CV_A_BOLD, 0}, [CV_C_DONE] = {0x4e4e4e, 0, 0, 0},
            [CV_C_FAILED] = {0x870000, 1, CV_A_BOLD | CV_A_UNDERLINE, 0}, [CV_C_PREEMPT] = {0xaf0000, 1, CV_A_BOLD, 0},
            [CV_C_AWAIT] = {0x0000d7, 4, CV_A_BOLD, 0}, [CV_C_BLOCK] = {0xaf0000, 1, CV_A_BOLD, 0},
            [CV_C_WARN] = {0xaf0000, 1, CV_A_BOLD, 0}, [CV_C_GOOD] = {0x005f00, 4, CV_A_BOLD, 0},
            [CV_C_KEY] = {0x0000d7, 4, CV_A_BOLD, 0}, [CV_C_CURSOR] = {0x5f00af, 5, CV_A_BOLD, 0}, [CV_C_SYSTEM] = {0x555555, 0, 0, 0},
        },
    },
    {
        .name = "colour-blind", .summary = "blue, yellow, orange and purple of different brightness (Okabe and Ito)", .ground = THEME_OWN, .ground_8 = -1,
        .of = {
            [CV_C_TEXT] = {0xe4e4e4, -1, 0, 0}, [CV_C_DIM] = {0x949494, -1, 0, CV_A_DIM}, [CV_C_TITLE] = {0xffffff, -1, 0, CV_A_BOLD},
            [CV_C_FRAME] = {0x767676, -1, 0, CV_A_DIM}, [CV_C_FOCUS] = {0x56b4e9, 6, 0, CV_A_BOLD},
            [CV_C_RUNNING] = {0x56b4e9, 6, CV_A_BOLD, 0}, [CV_C_READY] = {0xf0e442, 3, 0, 0}, [CV_C_WAITING] = {0xb2b2b2, -1, 0, 0},
            [CV_C_BLOCKED] = {0xff5f00, 1, CV_A_BOLD, 0}, [CV_C_FROZEN] = {0xaf5fff, 5, CV_A_BOLD, 0},
            [CV_C_DONE] = {0x949494, -1, 0, CV_A_DIM}, [CV_C_FAILED] = {0xffffff, 1, CV_A_BOLD | CV_A_UNDERLINE, 0},
            [CV_C_PREEMPT] = {0xe69f00, 3, CV_A_BOLD, 0}, [CV_C_AWAIT] = {0x56b4e9, 6, 0, CV_A_BOLD}, [CV_C_BLOCK] = {0xff5f00, 1, 0, 0},
            [CV_C_WARN] = {0xe69f00, 3, 0, CV_A_BOLD}, [CV_C_GOOD] = {0x56b4e9, 6, 0, 0}, [CV_C_KEY] = {0x56b4e9, 6, 0, CV_A_BOLD},
            [CV_C_CURSOR] = {0xf0e442, 3, 0, CV_A_BOLD}, [CV_C_SYSTEM] = {0xcc79a7, 5, 0, 0},
        },
    },
    {
        .name = "mono", .summary = "no colours: bold, faint, underlined, reversed", .ground = THEME_OWN, .ground_8 = -1,
        .of = {
            [CV_C_TEXT] = {THEME_OWN, -1, 0, 0}, [CV_C_DIM] = {THEME_OWN, -1, CV_A_DIM, 0}, [CV_C_TITLE] = {THEME_OWN, -1, CV_A_BOLD, 0},
            [CV_C_FRAME] = {THEME_OWN, -1, CV_A_DIM, 0}, [CV_C_FOCUS] = {THEME_OWN, -1, CV_A_BOLD, 0},
            [CV_C_RUNNING] = {THEME_OWN, -1, CV_A_BOLD, 0}, [CV_C_READY] = {THEME_OWN, -1, 0, 0}, [CV_C_WAITING] = {THEME_OWN, -1, 0, 0},
            [CV_C_BLOCKED] = {THEME_OWN, -1, CV_A_BOLD, 0}, [CV_C_FROZEN] = {THEME_OWN, -1, CV_A_DIM, 0},
            [CV_C_DONE] = {THEME_OWN, -1, CV_A_DIM, 0}, [CV_C_FAILED] = {THEME_OWN, -1, CV_A_BOLD | CV_A_REVERSE, 0},
            [CV_C_PREEMPT] = {THEME_OWN, -1, CV_A_BOLD, 0}, [CV_C_AWAIT] = {THEME_OWN, -1, CV_A_BOLD, 0},
            [CV_C_BLOCK] = {THEME_OWN, -1, CV_A_BOLD, 0}, [CV_C_WARN] = {THEME_OWN, -1, CV_A_BOLD, 0},
            [CV_C_GOOD] = {THEME_OWN, -1, 0, 0}, [CV_C_KEY] = {THEME_OWN, -1, CV_A_BOLD, 0},
            [CV_C_CURSOR] = {THEME_OWN, -1, CV_A_BOLD, 0}, [CV_C_SYSTEM] = {THEME_OWN, -1, CV_A_DIM, 0},
        },
    },
};

static int apart(uint32_t a, uint32_t b)
{
    int sum = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        int d = (int)(a >> shift & 0xff) - (int)(b >> shift & 0xff);
        sum += d * d;
    }
    return sum;
}

/* Above the first 16, which every user has in colours of his own: a cube of six levels, then 24 greys. */
short theme_256(uint32_t rgb)
{
    static const uint32_t level[6] = {0, 95, 135, 175, 215, 255};
    short best = -1;
    int least = 0;
    if (rgb == THEME_OWN)
        return -1;
    for (short i = 16; i < 256; i++) {
        int k = i - 16;
        uint32_t grey = 8 + 10 * (uint32_t)(i - 232);
        uint32_t c = i < 232 ? level[k / 36] << 16 | level[k / 6 % 6] << 8 | level[k % 6] : grey << 16 | grey << 8 | grey;
        if (best < 0 || apart(c, rgb) < least) {
            best = i;
            least = apart(c, rgb);
        }
    }
    return best;
}

int cv_theme_find(const char *name)
{
    for (int i = 0; i < THEMES; i++)
        if (!strcmp(themes[i].name, name))
            return i;
    return -1;
}

const char *cv_theme_name(int theme) { return theme >= 0 && theme < THEMES ? themes[theme].name : NULL; }
const char *cv_theme_summary(int theme) { return theme >= 0 && theme < THEMES ? themes[theme].summary : NULL; }
