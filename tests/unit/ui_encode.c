/* What is sent to a terminal: read by a small one, after every frame it shows what the canvas holds, whatever was there before, in
 * every theme and on every kind of terminal; nothing is sent where nothing has changed; and no more than the changed cells need. */
#include <stdlib.h>
#include <string.h>

#include "suite.h"
#include "ui/encode.h"

enum { W = 60, H = 18, FRAMES = 300 };

/* Of what is asked for every byte: Check writes down each of its own assertions. */
#define must(holds, ...)                \
    do {                                \
        if (!(holds))                   \
            ck_abort_msg(__VA_ARGS__);  \
    } while (0)

/* ── a small terminal ───────────────────────────────────────────────────────────────────────────── */
struct glyph { uint32_t c; struct encode_look look; };
static struct glyph screen[H][W];
static struct encode_look pen;
static int at_x, at_y;
static const struct encode_look plain = {THEME_OWN, THEME_OWN, 0};

static void blank(int x, int y, int to)
{
    for (; x < to; x++)
        screen[y][x] = (struct glyph){' ', {THEME_OWN, pen.ground, 0}};
}

static void attributes(const int *p, int n)
{
    for (int i = 0; i < n; i++) {
        uint32_t *which = p[i] / 10 == 3 ? &pen.ink : &pen.ground;
        switch (p[i]) {
        case 0: pen = plain; break;
        case 1: pen.attrs |= CV_A_BOLD; break;
        case 2: pen.attrs |= CV_A_DIM; break;
        case 4: pen.attrs |= CV_A_UNDERLINE; break;
        case 7: pen.attrs |= CV_A_REVERSE; break;
        case 22: pen.attrs &= ~(unsigned)(CV_A_BOLD | CV_A_DIM); break;
        case 24: pen.attrs &= ~(unsigned)CV_A_UNDERLINE; break;
        case 27: pen.attrs &= ~(unsigned)CV_A_REVERSE; break;
        case 38: case 48:
            must(i + 2 < n, "%d parameters", n);
            if (p[i + 1] == 5) {
                *which = (uint32_t)p[i + 2];
                i += 2;
            } else {
                must(p[i + 1] == 2 && i + 4 < n, "%d parameters of a colour", n);
                *which = 0x1000000u | (uint32_t)p[i + 2] << 16 | (uint32_t)p[i + 3] << 8 | (uint32_t)p[i + 4];
                i += 4;
            }
            break;
        case 39: case 49: *which = THEME_OWN; break;
        default:
            must((p[i] >= 30 && p[i] < 38) || (p[i] >= 40 && p[i] < 48), "attribute %d", p[i]);
            *which = (uint32_t)p[i] % 10;
        }
    }
}

static const char *sequence(const char *s)
{
    int p[16] = {0}, n = 0;
    bool any = false;
    for (; *s < 0x40; s++) {
        must((*s >= '0' && *s <= '9') || *s == ';', "'%c' in a sequence", *s);
        if (*s == ';')
            n++;
        else
            p[n] = p[n] * 10 + (*s - '0'), any = true;
        must(n < 16, "%d parameters", n);
    }
    int first = any && p[0] ? p[0] : 1;
    switch (*s) {
    case 'H': at_y = first - 1, at_x = n ? p[1] - 1 : 0; break;
    case 'B': at_y += first; break;
    case 'C': at_x += first; break;
    case 'D': at_x -= first; break;
    case 'K': blank(at_x, at_y, W); break;
    case 'J':
        for (int y = 0; y < H; y++)
            blank(0, y, W);
        break;
    case 'm': attributes(p, n + 1); break;
    default: ck_abort_msg("a sequence that ends in '%c'", *s);
    }
    return s + 1;
}

static void terminal_reads(const struct cv_buf *b)
{
    const char *s = b->at, *end = s + b->n;
    while (s < end) {
        if (*s == '\033') {
            must(s[1] == '[', "'%c' behind an escape", s[1]);
            s = sequence(s + 2);
        } else if (*s == '\r' || *s == '\n' || *s == '\b') {
            at_x = *s == '\r' ? 0 : *s == '\b' ? at_x - 1 : at_x;
            at_y += *s++ == '\n';
        } else {
            size_t length;
            uint32_t c = cv_utf8(s, (size_t)(end - s), &length);
            int width = cv_text_width(c);
            s += length;
            must(at_x >= 0 && at_x + width <= W && at_y >= 0 && at_y < H, "written at %d, %d", at_x, at_y);
            screen[at_y][at_x] = (struct glyph){c, pen};
            if (width == 2)
                screen[at_y][at_x + 1] = (struct glyph){0, pen};
            at_x += width;
        }
        must(at_x >= 0 && at_x <= W && at_y >= 0 && at_y < H, "the cursor went to %d, %d", at_x, at_y);
    }
}

/* ── frames ─────────────────────────────────────────────────────────────────────────────────────── */
static struct encoder e;
static struct cv_canvas canvas;
static struct cv_buf out;
static uint64_t seed;

static unsigned chance(unsigned n)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(seed >> 33) % n;
}

static void scribble(void)
{
    static const char *const words[] = {"0.4", "running", "█", "▏▎▍", "宽字", "╌╌╌╌╌╌", " ", "          ", "x = 1", "⚠"};
    struct cv_rect all = {0, 0, W, H};
    for (unsigned n = chance(30); n > 0; n--)
        canvas_str(&canvas, all, (int)chance(W), (int)chance(H), words[chance(CV_COUNT(words))], (enum cv_colour)chance(CV_C_COUNT), chance(16));
    if (chance(6) == 0)
        canvas_fill(&canvas, (struct cv_rect){(int)chance(W), (int)chance(H), (int)chance(W), (int)chance(H)}, ' ', CV_C_TEXT, 0);
}

static struct encode_look wanted(const struct cv_cell_ui *cell)
{
    struct encode_look l = e.looks[cell->colour];
    l.attrs |= cell->attrs;
    if (l.attrs & CV_A_BOLD)
        l.attrs &= ~(unsigned)CV_A_DIM;
    return l;
}

static void expect_shown(int frame)
{
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const struct cv_cell_ui *cell = &canvas.at[y * W + x];
            const struct glyph *g = &screen[y][x];
            struct encode_look l = wanted(cell);
            bool corner = e.caps.no_corner && y == H - 1 && x >= W - 2;
            bool inked = (l.attrs | g->look.attrs) & (CV_A_REVERSE | CV_A_UNDERLINE), bare = cell->c == ' ' && !inked;
            bool same = bare ? g->look.ground == l.ground : g->look.ink == l.ink && g->look.ground == l.ground && g->look.attrs == l.attrs;
            if (!corner && (cell->wide == 2 ? g->c != 0 : g->c != cell->c || !same))
                ck_abort_msg("frame %d: at %d, %d U+%04X %x %x %u, should be U+%04X %x %x %u", frame, x, y, (unsigned)g->c, (unsigned)g->look.ink,
                             (unsigned)g->look.ground, g->look.attrs, (unsigned)cell->c, (unsigned)l.ink, (unsigned)l.ground, l.attrs);
        }
}

static void send(void)
{
    out.n = 0;
    encode_frame(&e, &canvas, W, H, &out);
    terminal_reads(&out);
}

static void begin(struct encode_caps caps)
{
    e = (struct encoder){.caps = caps};
    pen = plain;
    at_x = at_y = 0;
    seed = 7;
    canvas.theme = 0;
    cv_canvas_resize(&canvas, W, H);
    for (int i = 0; i < W * H; i++)
        screen[i / W][i % W] = (struct glyph){'#', plain}; /* of somebody else */
}

static void finish(void)
{
    encode_release(&e);
    cv_canvas_release(&canvas);
    cv_buf_release(&out);
    out = (struct cv_buf){0};
}

/* Bit 0, 1: colours; 2: erases in colour; 3: attributes one by one; 4: no last cell. */
START_TEST(shows_what_the_canvas_holds)
{
    begin((struct encode_caps){.colours = _i & 3, .erases_in_colour = _i & 4, .single_off = _i & 8, .no_corner = _i & 16});
    for (int frame = 0; frame < FRAMES; frame++) {
        scribble();
        if (chance(40) == 0)
            canvas.theme = (int)chance(THEMES);
        if (chance(60) == 0)
            encode_forget(&e);
        send();
        expect_shown(frame);
        send();
        ck_assert_msg(out.n == 0, "%zu bytes though nothing has changed", out.n);
    }
    finish();
}
END_TEST

/* A colour that cannot be seen is not sent. */
START_TEST(blanks_have_no_colour)
{
    begin((struct encode_caps){.colours = ENCODE_256, .single_off = true});
    send();
    canvas_fill(&canvas, (struct cv_rect){0, 0, W, H}, ' ', CV_C_FAILED, CV_A_BOLD);
    send();
    ck_assert_uint_eq(out.n, 0);
    canvas_fill(&canvas, (struct cv_rect){3, 3, 4, 1}, ' ', CV_C_FAILED, CV_A_REVERSE);
    send();
    ck_assert_uint_gt(out.n, 0);
    expect_shown(0);
    finish();
}
END_TEST

/* ── no more than is needed ─────────────────────────────────────────────────────────────────────── */
static size_t digits(int n) { return n < 10 ? 1 : n < 100 ? 2 : 3; }

static size_t colour_needs(uint32_t c) { return c == THEME_OWN || c < 8 ? 2 : 5 + digits((int)c); }

/* From look to look, by hand: what must be said is only what is another. */
static size_t look_needs(struct encode_look from, struct encode_look to)
{
    size_t by_parts = 0, anew = 0, n = 0;
    unsigned off = from.attrs & ~to.attrs, on = to.attrs & ~from.attrs;
    if (from.ink == to.ink && from.attrs == to.attrs)
        return 0;
    for (unsigned bit = 1; bit <= 8; bit *= 2) {
        by_parts += (off & bit ? 3 : 0) + (on & bit ? 2 : 0);
        anew += to.attrs & bit ? 2 : 0;
    }
    by_parts += from.ink != to.ink ? colour_needs(to.ink) + 1 : 0;
    anew += to.ink != THEME_OWN ? colour_needs(to.ink) + 1 : 0;
    anew += anew ? 1 : 0;
    n = by_parts < anew ? by_parts : anew;
    return 2 + (n ? n : 1);
}

/* Runs of changed cells: to each by a motion from where the last one ended, then its characters in their looks. */
static size_t needs(const struct cv_canvas *before, const struct cv_canvas *after)
{
    size_t n = 0;
    int from_x = -1, from_y = -1;
    struct encode_look look = e.pen;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const struct cv_cell_ui *a = &before->at[y * W + x], *b = &after->at[y * W + x];
            struct encode_look was = wanted(a), is = wanted(b);
            bool bare = b->c == ' ' && !((was.attrs | is.attrs) & (CV_A_REVERSE | CV_A_UNDERLINE));
            if (a->c == b->c && (bare || (was.ink == is.ink && was.attrs == is.attrs)))
                continue;
            char utf8[8];
            struct cv_buf one = {utf8, 0, sizeof utf8};
            if (y != from_y)
                n += 3 + digits(y + 1) + (x ? 1 + digits(x + 1) : 0);
            else if (x != from_x)
                n += x - from_x < 4 ? (size_t)(x - from_x) : 3 + digits(x - from_x);
            canvas_utf8(b->c, &one);
            n += one.n + look_needs(look, is);
            look = is;
            from_x = x + 1;
            from_y = y;
        }
    return n;
}

START_TEST(within_what_the_changed_cells_need)
{
    size_t sent = 0, need = 0;
    struct cv_canvas before = {0};
    begin((struct encode_caps){.colours = ENCODE_256, .single_off = true});
    cv_canvas_resize(&before, W, H);
    send();
    for (int frame = 0; frame < 400; frame++) {
        memcpy(before.at, canvas.at, (size_t)W * H * sizeof *canvas.at);
        for (unsigned n = 1 + chance(12); n > 0; n--) { /* as a dashboard changes: numbers, a column of lanes, a line of words */
            struct cv_rect all = {0, 0, W, H};
            char number[16];
            snprintf(number, sizeof number, "%u", chance(10000));
            switch (chance(3)) {
            case 0: canvas_str(&canvas, all, (int)chance(W - 5), (int)chance(H), number, (enum cv_colour)chance(CV_C_COUNT), 0); break;
            case 1:
                for (int y = 0, x = (int)chance(W); y < 8; y++)
                    canvas_put(&canvas, all, x, y + 4, chance(2) ? 0x2588 : 0x254c, chance(2) ? CV_C_RUNNING : CV_C_WAITING, 0);
                break;
            default: canvas_str(&canvas, all, 0, (int)chance(H), chance(2) ? "waits for the lock" : "runs on core 1    ", CV_C_TEXT, chance(2) ? CV_A_BOLD : 0); break;
            }
        }
        need += needs(&before, &canvas);
        send();
        sent += out.n;
        expect_shown(frame);
    }
    ck_assert_msg(sent * 10 <= need * 12, "%zu bytes sent, %zu needed", sent, need);
    cv_canvas_release(&before);
    finish();
}
END_TEST

/* ── a console ──────────────────────────────────────────────────────────────────────────────────── */
START_TEST(few_glyphs)
{
    begin((struct encode_caps){.colours = ENCODE_8, .few_glyphs = true, .single_off = true});
    canvas_box(&canvas, (struct cv_rect){0, 0, W, H}, "Timeline", "█▏╌┅░▒", CV_C_FOCUS, true);
    canvas_str(&canvas, (struct cv_rect){0, 0, W, H}, 2, 2, "╳ ▸ ● ⚠ ✗ … ▼ ◀ ▶ é × ≈ ◆ ▲ ⇄ ‼ › ≥", CV_C_TEXT, 0);
    for (int i = 0; i < W - 4; i++) /* blocks, partial ones and shades too, and the shapes behind them */
        for (int k = 0; k < 3 && i + k * (W - 4) < 0x80; k++)
            canvas_put(&canvas, (struct cv_rect){0, 0, W, H}, 2 + i, 3 + k, 0x2580 + (uint32_t)(i + k * (W - 4)), CV_C_TEXT, 0);
    send();
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            static const uint32_t there[] = {0x2500, 0x2502, 0x250c, 0x2510, 0x2514, 0x2518, 0x2588, 0x2591, 0x2592, 0x25b2, 0x25bc, 0x2666, 0xe9};
            bool known = screen[y][x].c < 0x80;
            for (size_t i = 0; i < CV_COUNT(there); i++)
                known |= screen[y][x].c == there[i];
            ck_assert_msg(known, "U+%04X is not in the fonts of a console", (unsigned)screen[y][x].c);
        }
    finish();
}
END_TEST

/* ── themes ─────────────────────────────────────────────────────────────────────────────────────── */
static double lightness(uint32_t rgb)
{
    return 0.2126 * (rgb >> 16 & 255) + 0.7152 * (rgb >> 8 & 255) + 0.0722 * (rgb & 255);
}

/* What is written can be read: ink differs from the ground, and in the projector's theme strongly. */
START_TEST(ink_stands_off_the_ground)
{
    for (int i = 0; i < THEMES; i++) {
        ck_assert_int_eq(cv_theme_find(themes[i].name), i);
        for (int k = 0; k < CV_C_COUNT; k++) {
            uint32_t ground = themes[i].ground == THEME_OWN ? 0x1c1c1c : themes[i].ground, ink = themes[i].of[k].rgb;
            double least = !strcmp(themes[i].name, "projector") ? 120 : 25; /* pure red is dark */
            if (ink != THEME_OWN)
                ck_assert_msg(lightness(ground) - lightness(ink) > least || lightness(ink) - lightness(ground) > least, "theme %s, colour %d: %06x on %06x",
                              themes[i].name, k, (unsigned)ink, (unsigned)ground);
            if (i == THEME_MONO)
                ck_assert(ink == THEME_OWN && themes[i].of[k].of_8 == -1);
        }
    }
    ck_assert_int_eq(cv_theme_find("neon"), -1);
    ck_assert_ptr_null(cv_theme_name(THEMES));
    ck_assert_int_eq(theme_256(0x5fafff), 75);
    ck_assert_int_eq(theme_256(0x8a8a8a), 245);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ui_encode");
    TCase *c = tcase_create("encode");
    tcase_add_loop_test(c, shows_what_the_canvas_holds, 0, 32);
    tcase_add_test(c, blanks_have_no_colour);
    tcase_add_test(c, within_what_the_changed_cells_need);
    tcase_add_test(c, few_glyphs);
    tcase_add_test(c, ink_stands_off_the_ground);
    suite_add_tcase(s, c);
    return s;
}
