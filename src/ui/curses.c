/* The terminal, through ncurses; the only file that knows it. Cells that do not differ from the last frame are not even
 * handed to curses. The signals that curses takes for itself are given back: the program decides about them.
 *
 * What restores the terminal in an emergency is put together beforehand, because nothing of curses may be called from a
 * signal handler. */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* term.h defines capabilities as macros; none of these names is wanted below. */
#undef columns
#undef lines
#undef tab

#include "ui/canvas.h"
#include "ui/theme.h"

static struct {
    SCREEN *screen;
    bool open, suspended, colour, ascii, mouse, rich;
    struct termios before;
    char restore[512];
    size_t restore_length;
    struct cv_cell_ui *last; /* what curses was given */
    int last_w, last_h;
} term;

/* ── the emergency ──────────────────────────────────────────────────────────────────────────────── */
/* Appends a capability without its padding ("$<5>"). */
static void add_restore(const char *s)
{
    if (!s || s == (char *)-1)
        return;
    while (*s && term.restore_length + 1 < sizeof term.restore) {
        const char *end = s[0] == '$' && s[1] == '<' ? strchr(s, '>') : NULL;
        if (end)
            s = end + 1;
        else
            term.restore[term.restore_length++] = *s++;
    }
}

static void prepare_restore(void)
{
    term.restore_length = 0;
    if (term.mouse)
        add_restore("\033[?1002l\033[?1000l\033[?1006l");
    add_restore(tigetstr("sgr0"));
    add_restore(tigetstr("op"));
    add_restore(tigetstr("cnorm"));
    add_restore(tigetstr("rmkx"));
    add_restore(tigetstr("rmcup"));
}

static void terminal_emergency(void)
{
    if (!term.open || term.suspended)
        return;
    for (size_t done = 0; done < term.restore_length;) {
        ssize_t n = write(STDOUT_FILENO, term.restore + done, term.restore_length - done);
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    signal(SIGTTOU, SIG_IGN); /* from the background tcsetattr would stop us */
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    term.open = false;
}

/* ── colours ────────────────────────────────────────────────────────────────────────────────────── */
static void start_colours(void)
{
    if (!has_colors() || start_color() == ERR)
        return;
    short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
    term.rich = COLORS >= 256;
    for (int i = 0; i < CV_C_COUNT; i++) {
        short ink = term.rich ? theme_colours[i].of_256 : theme_colours[i].of_8;
        if (ink < 0 && background != -1)
            ink = COLOR_WHITE;
        if (i + 1 < COLOR_PAIRS)
            init_pair((short)(i + 1), ink, background);
    }
    term.colour = true;
}

static attr_t look_of(const struct cv_cell_ui *cell)
{
    unsigned attrs = cell->attrs;
    if (!term.rich)
        attrs |= theme_colours[cell->colour].attrs_8;
    return (attrs & CV_A_BOLD ? A_BOLD : 0) | (attrs & CV_A_REVERSE ? A_REVERSE : 0) | (attrs & CV_A_UNDERLINE ? A_UNDERLINE : 0) |
           (attrs & CV_A_DIM && !(attrs & CV_A_BOLD) ? A_DIM : 0);
}

/* ── opening and closing ────────────────────────────────────────────────────────────────────────── */
static bool unicode(void)
{
    const char *set = nl_langinfo(CODESET);
    return !term.ascii && set && (strcmp(set, "UTF-8") == 0 || strcmp(set, "utf8") == 0 || strcmp(set, "UTF8") == 0);
}

static void start_mouse(void)
{
    mmask_t wanted = BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED | REPORT_MOUSE_POSITION;
    mouseinterval(0);
    term.mouse = mousemask(wanted, NULL) != 0 && tigetstr("kmous") && tigetstr("kmous") != (char *)-1;
}

/* Curses asks for presses only; drags are asked for on top. */
static void report_drags(bool on)
{
    if (!term.mouse)
        return;
    ssize_t n = write(STDOUT_FILENO, on ? "\033[?1002h" : "\033[?1002l", 8);
    (void)n;
}

static void forget_frame(void)
{
    term.last_w = term.last_h = 0;
}

static const int curses_signals[] = {SIGINT, SIGTERM, SIGTSTP, SIGWINCH};

static bool known_terminal(struct cv_buf *why)
{
    const char *name = getenv("TERM");
    int error = 1;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        cv_buf_str(why, isatty(STDIN_FILENO) ? "standard output is not a terminal" : "standard input is not a terminal");
        return false;
    }
    if (!name || !*name) {
        cv_buf_str(why, "TERM is not set");
        return false;
    }
    if (setupterm(NULL, STDOUT_FILENO, &error) == OK) {
        const char *move = tigetstr("cup");
        if (move && move != (char *)-1)
            return true;
        error = 1;
    }
    struct cv_buf clean = {0};
    cv_text_clean(&clean, name, strlen(name));
    cv_buf_printf(why, error == 0 ? "TERM is '%s', which no terminal description here knows"
                       : error < 0 ? "TERM is '%s', and there are no terminal descriptions here (terminfo)"
                                   : "TERM is '%s', a terminal that cannot move its cursor", clean.at);
    cv_buf_release(&clean);
    return false;
}

static int terminal_open(bool no_colour, bool ascii, struct cv_buf *why)
{
    CV_ASSERT(!term.open);
    memset(&term, 0, sizeof term);
    term.ascii = ascii;
    if (tcgetattr(STDIN_FILENO, &term.before) != 0 && isatty(STDIN_FILENO)) {
        cv_buf_printf(why, "the terminal does not tell its settings: %s", strerror(errno));
        return -1;
    }
    if (!known_terminal(why))
        return -1;
    struct sigaction old[CV_COUNT(curses_signals)];
    for (size_t i = 0; i < CV_COUNT(curses_signals); i++)
        sigaction(curses_signals[i], NULL, &old[i]);
    set_escdelay(25);
    term.screen = newterm(NULL, stdout, stdin);
    for (size_t i = 0; i < CV_COUNT(curses_signals); i++)
        sigaction(curses_signals[i], &old[i], NULL);
    if (!term.screen) {
        cv_buf_str(why, "the terminal could not be opened");
        return -1;
    }
    set_term(term.screen);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    leaveok(stdscr, TRUE);
    if (!no_colour)
        start_colours();
    start_mouse();
    prepare_restore();
    term.open = true;
    refresh();
    report_drags(true);
    return 0;
}

static void terminal_close(void)
{
    if (!term.open)
        return;
    if (!term.suspended) {
        report_drags(false);
        mousemask(0, NULL);
        endwin();
    }
    term.open = false;
    delscreen(term.screen);
    free(term.last);
    term.last = NULL;
    forget_frame();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &term.before);
}

static void terminal_suspend(void)
{
    if (!term.open || term.suspended)
        return;
    report_drags(false);
    def_prog_mode();
    endwin();
    term.suspended = true;
}

/* The window may have changed its size while another had it. */
static void terminal_resized(void)
{
    struct winsize size;
    if (term.open && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0)
        resize_term(size.ws_row, size.ws_col);
    if (term.open)
        clearok(curscr, TRUE); /* terminals move what stands on them when they change their size, each in its way */
    forget_frame();
}

static void terminal_resume(void)
{
    if (!term.open || !term.suspended)
        return;
    term.suspended = false;
    tcgetattr(STDIN_FILENO, &term.before); /* the shell may have set it anew */
    reset_prog_mode();
    terminal_resized();
    refresh();
    report_drags(true);
}

static void terminal_size(int *width, int *height)
{
    *width = COLS > 0 ? COLS : 1;
    *height = LINES > 0 ? LINES : 1;
}

/* ── showing ────────────────────────────────────────────────────────────────────────────────────── */
static void put_cell(int x, int y, const struct cv_cell_ui *cell)
{
    wchar_t text[2] = {(wchar_t)cell->c, 0};
    cchar_t c;
    if (setcchar(&c, text, look_of(cell), term.colour ? (short)(cell->colour + 1) : 0, NULL) == OK)
        mvadd_wch(y, x, &c);
}

static bool same(const struct cv_cell_ui *a, const struct cv_cell_ui *b)
{
    return a->c == b->c && a->colour == b->colour && a->attrs == b->attrs && a->wide == b->wide;
}

static void terminal_present(const struct cv_canvas *c)
{
    if (!term.open || term.suspended)
        return;
    int w = c->width < COLS ? c->width : COLS, h = c->height < LINES ? c->height : LINES;
    bool fresh = term.last_w != c->width || term.last_h != c->height;
    if (fresh) {
        term.last = cv_realloc(term.last, (size_t)c->width * (size_t)c->height * sizeof *term.last);
        term.last_w = c->width;
        term.last_h = c->height;
        werase(stdscr);
    }
    for (int y = 0; y < h; y++) {
        bool wide = false;
        for (int x = 0; x < c->width && !fresh; x++) /* a wide cell overwritten takes its neighbour along: the row as a whole */
            wide |= (term.last[y * c->width + x].wide || c->at[y * c->width + x].wide) && !same(&term.last[y * c->width + x], &c->at[y * c->width + x]);
        for (int x = 0; x < w; x++) {
            const struct cv_cell_ui *cell = &c->at[y * c->width + x];
            if (cell->wide == 2 || (cell->wide == 1 && x + 1 >= w))
                continue;
            if (fresh || wide || !same(cell, &term.last[y * c->width + x]))
                put_cell(x, y, cell);
        }
    }
    memcpy(term.last, c->at, (size_t)c->width * (size_t)c->height * sizeof *term.last);
    sigset_t stop, before; /* curses ignores SIGTSTP while it writes, and a Ctrl-Z would be lost: blocked, it waits */
    sigemptyset(&stop);
    sigaddset(&stop, SIGTSTP);
    pthread_sigmask(SIG_BLOCK, &stop, &before);
    refresh();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────────── */
static bool mouse_input(struct cv_input *in)
{
    MEVENT e;
    if (getmouse(&e) != OK)
        return false;
    *in = (struct cv_input){.kind = CV_IN_MOUSE, .x = e.x, .y = e.y};
    in->button = e.bstate & BUTTON1_PRESSED    ? 1
                 : e.bstate & BUTTON1_RELEASED ? 3
                 : e.bstate & BUTTON4_PRESSED  ? 4
                 : e.bstate & BUTTON5_PRESSED  ? 5
                                               : 2;
    return true;
}

static int key_of(int code)
{
    static const struct { int from, to; } map[] = {
        {KEY_LEFT, CV_KEY_LEFT}, {KEY_RIGHT, CV_KEY_RIGHT}, {KEY_UP, CV_KEY_UP}, {KEY_DOWN, CV_KEY_DOWN}, {KEY_HOME, CV_KEY_HOME},
        {KEY_END, CV_KEY_END}, {KEY_PPAGE, CV_KEY_PAGE_UP}, {KEY_NPAGE, CV_KEY_PAGE_DOWN}, {KEY_SLEFT, CV_KEY_SHIFT_LEFT},
        {KEY_SRIGHT, CV_KEY_SHIFT_RIGHT}, {KEY_BTAB, CV_KEY_BACKTAB}, {KEY_BACKSPACE, CV_KEY_BACKSPACE}, {KEY_ENTER, '\r'}};
    for (size_t i = 0; i < CV_COUNT(map); i++)
        if (map[i].from == code)
            return map[i].to;
    return 0;
}

/* After an ESC that begins no sequence which curses knows: cursor keys in their other form, 0 for all else, passed over as a
 * whole because its letters are no keys; and ESC itself. */
static int after_escape(void)
{
    static const struct { int final, key; } cursor[] = {{'A', CV_KEY_UP}, {'B', CV_KEY_DOWN}, {'C', CV_KEY_RIGHT}, {'D', CV_KEY_LEFT}, {'H', CV_KEY_HOME}, {'F', CV_KEY_END}};
    int begin = getch();
    if (begin != '[' && begin != 'O') {
        if (begin != ERR)
            ungetch(begin);
        return 27;
    }
    int final = getch();
    for (size_t i = 0; i < CV_COUNT(cursor); i++)
        if (cursor[i].final == final)
            return cursor[i].key;
    while (final != ERR && begin == '[' && (final < 0x40 || final > 0x7e))
        final = getch();
    return 0;
}

/* Keys that mean nothing to us are passed over, so that the caller's loop ends only where nothing is left. Bytes, not
 * characters: get_wch would swallow the keys after a byte that is not UTF-8, and no key of ours is beyond ASCII. */
static bool terminal_read(struct cv_input *in)
{
    in->kind = CV_IN_NONE;
    while (term.open && !term.suspended) {
        int code = getch();
        if (code == ERR)
            return false;
        if (code == KEY_MOUSE) {
            if (mouse_input(in))
                return true;
            continue;
        }
        if (code == KEY_RESIZE) {
            forget_frame();
            in->kind = CV_IN_RESIZE;
            return true;
        }
        int key = code >= KEY_MIN ? key_of(code) : code == 8 || code == 127 ? CV_KEY_BACKSPACE : code == 27 ? after_escape() : code < 128 ? code : 0;
        if (key) {
            *in = (struct cv_input){.kind = CV_IN_KEY, .key = key};
            return true;
        }
    }
    return false;
}

const struct cv_terminal_ops cv_terminal_curses = {
    .name = "curses", .summary = "a terminal, through ncurses", .open = terminal_open, .unicode = unicode, .size = terminal_size,
    .present = terminal_present, .read = terminal_read, .suspend = terminal_suspend, .resume = terminal_resume,
    .resized = terminal_resized, .close = terminal_close, .emergency = terminal_emergency};
