/* The terminal, through ncurses; the only file that knows it: its modes, its keys and what it can. What is drawn is written by
 * encode.c, past curses, which is told nothing of it and so never writes into it. The signals that curses takes for itself are
 * given back: the program decides about them.
 *
 * What restores the terminal in an emergency is put together beforehand, because nothing of curses may be called from a
 * signal handler. */
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
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

#include "ui/encode.h"
#include "ui/line.h"
#include "ui/pace.h"

enum { KEY_ANSWER = KEY_MAX - 1 };     /* of the terminal, to pace.c's question: a code that curses has no key for */

static struct {
    SCREEN *screen;
    FILE *in;
    WINDOW *keys;           /* a pad: reading from it never draws */
    bool open, suspended, ascii, mouse;
    struct termios before;
    char restore[512];
    size_t restore_length;
    struct encoder encoder;
    struct cv_buf out;
    struct pace pace;
    struct cv_input mice[8]; /* what the mouse did, oldest first; curses keeps no more */
    size_t nmice, mouse_next;
} term;

static bool terminal_read(struct cv_input *in);

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
    line_urgent(term.restore, term.restore_length);
    signal(SIGTTOU, SIG_IGN); /* from the background tcsetattr would stop us */
    tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
    term.open = false;
}

/* ── what it can ────────────────────────────────────────────────────────────────────────────────── */
static bool has_flag(const char *name) { return tigetflag(name) == 1; }

static bool begins(const char *s, const char *with) { return s && s != (char *)-1 && !strncmp(s, with, strlen(with)); }

/* GNU screen takes RGB for other attributes, and the environment in it is that of the terminal around it. */
static bool true_colour(const char *name)
{
    const char *told = getenv("COLORTERM");
    if (has_flag("RGB") || has_flag("Tc") || COLORS > 256)
        return true;
    return told && (!strcmp(told, "truecolor") || !strcmp(told, "24bit")) && strncmp(name, "screen", 6) != 0 && COLORS >= 256;
}

static void look_at_caps(bool no_colour)
{
    const char *name = getenv("TERM");
    struct encode_caps *can = &term.encoder.caps;
    bool colours = !no_colour && has_colors() && start_color() != ERR && begins(tigetstr("setaf"), "\033[");
    can->colours = !colours ? ENCODE_MONO : true_colour(name) ? ENCODE_TRUE : COLORS >= 256 ? ENCODE_256 : ENCODE_8;
    can->erases_in_colour = has_flag("bce");
    can->no_corner = has_flag("am") && !has_flag("xenl");
    can->few_glyphs = !strncmp(name, "linux", 5);
    can->single_off = has_colors(); /* what has colours knows the attributes of ECMA-48 too */
}

/* ── opening and closing ────────────────────────────────────────────────────────────────────────── */
static bool unicode(void)
{
    const char *set = nl_langinfo(CODESET);
    return !term.ascii && set && (strcmp(set, "UTF-8") == 0 || strcmp(set, "utf8") == 0 || strcmp(set, "UTF8") == 0);
}

/* What is pressed and let go in one read, as over a slow line, curses makes a click of; not asked for, it would be lost. */
static void start_mouse(void)
{
    mmask_t wanted = BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED | REPORT_MOUSE_POSITION;
    mouseinterval(0);
    term.mouse = mousemask(wanted, NULL) != 0 && tigetstr("kmous") && tigetstr("kmous") != (char *)-1;
}

/* Ctrl-S is no key here, and would stop the picture for no reason that a room could see. */
static void no_flow_control(void)
{
    struct termios modes;
    if (tcgetattr(STDIN_FILENO, &modes) != 0)
        return;
    modes.c_iflag &= (tcflag_t)~IXON;
    tcsetattr(STDIN_FILENO, TCSANOW, &modes);
    def_prog_mode();
}

/* Curses asks for presses only; drags are asked for on top. */
static void report_drags(bool on)
{
    if (!term.mouse)
        return;
    line_send(on ? "\033[?1002h" : "\033[?1002l", 8);
}

/* Some bytes that the line is to carry; asks whether the terminal has come so far. */
static void sent(size_t n)
{
    if (pace_sent(&term.pace, n, cv_mono_ns()))
        line_send(PACE_QUESTION, sizeof PACE_QUESTION - 1);
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
        if (begins(tigetstr("cup"), "\033[%i%p1%d;%p2%dH"))
            return true;
        error = begins(tigetstr("cup"), "") ? 2 : 1;
    }
    struct cv_buf clean = {0};
    cv_text_clean(&clean, name, strlen(name));
    cv_buf_printf(why, error == 0 ? "TERM is '%s', which no terminal description here knows; most understand TERM=xterm-256color"
                       : error < 0 ? "TERM is '%s', and there are no terminal descriptions here (terminfo)"
                       : error > 1 ? "TERM is '%s', a terminal whose sequences are not those of ECMA-48"
                                   : "TERM is '%s', a terminal that cannot move its cursor", clean.at);
    cv_buf_release(&clean);
    return false;
}

static void end_line(void)
{
    if (term.in)
        fclose(term.in);
    term.in = NULL;
    line_close();
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
    line_open();
    int keyboard = dup(line_keyboard());
    term.in = keyboard >= 0 ? fdopen(keyboard, "r") : NULL;
    term.screen = term.in ? newterm(NULL, stdout, term.in) : NULL;
    for (size_t i = 0; i < CV_COUNT(curses_signals); i++)
        sigaction(curses_signals[i], &old[i], NULL);
    if (!term.screen) {
        cv_buf_str(why, "the terminal could not be opened");
        end_line();
        return -1;
    }
    set_term(term.screen);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    no_flow_control();
    curs_set(0);
    look_at_caps(no_colour);
    term.open = true;
    refresh();
    term.keys = newpad(1, 1);
    keypad(term.keys, TRUE);
    nodelay(term.keys, TRUE);
    define_key(PACE_ANSWER, KEY_ANSWER);
    start_mouse();
    prepare_restore();
    report_drags(true);
    sent(0);
    return 0;
}

/* What others write next is written in no colour of ours. */
static void put_plain(void)
{
    line_send("\033[m", 3);
    line_settle(); /* curses, which writes next, goes past the line */
    encode_forget(&term.encoder);
}

/* Who reads the keys after us must not find the answer among them. */
static void hear_out(void)
{
    struct pollfd p = {.fd = line_keyboard(), .events = POLLIN};
    struct cv_input ignored;
    for (uint64_t now = cv_mono_ns(), until = now + 300000000; now < until && pace_awaits(&term.pace, now); now = cv_mono_ns()) {
        if (poll(&p, 1, 1 + (int)((until - now) / 1000000)) < 0 || p.revents & (POLLHUP | POLLERR))
            break;
        terminal_read(&ignored);
    }
    term.pace = (struct pace){0};
}

static void terminal_close(void)
{
    if (!term.open)
        return;
    if (!term.suspended) {
        report_drags(false);
        put_plain();
        hear_out();
        mousemask(0, NULL);
        endwin();
        if (!begins(tigetstr("rmcup"), "\033")) /* what was drawn stays: the prompt gets a line of its own */
            line_send("\r\033[K", 4);
    }
    term.open = false;
    delwin(term.keys);
    delscreen(term.screen);
    encode_release(&term.encoder);
    cv_buf_release(&term.out);
    end_line();
    tcsetattr(STDIN_FILENO, TCSADRAIN, &term.before);
}

static void terminal_suspend(void)
{
    if (!term.open || term.suspended)
        return;
    report_drags(false);
    put_plain();
    hear_out();
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
    encode_forget(&term.encoder); /* terminals move what stands on them when they change their size, each in its way */
}

static void terminal_resume(void)
{
    if (!term.open || !term.suspended)
        return;
    term.suspended = false;
    tcgetattr(STDIN_FILENO, &term.before); /* the shell may have set it anew */
    reset_prog_mode();
    terminal_resized();
    clearok(curscr, TRUE);
    refresh();
    report_drags(true);
}

static void terminal_size(int *width, int *height)
{
    *width = COLS > 0 ? COLS : 1;
    *height = LINES > 0 ? LINES : 1;
}

/* ── showing ────────────────────────────────────────────────────────────────────────────────────── */
static bool terminal_present(const struct cv_canvas *c)
{
    if (!term.open || term.suspended)
        return true;
    line_push(); /* what is left of the last frame goes first, whatever is awaited: the question may be among it */
    if (!pace_free(&term.pace, cv_mono_ns()) || !line_free()) /* a slow line is given the newest frame when it is done with the one before, not all that came meanwhile */
        return false;
    term.out.n = 0;
    encode_frame(&term.encoder, c, COLS, LINES, &term.out);
    line_send(term.out.at, term.out.n);
    sent(term.out.n);
    return line_push();
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────────── */
/* Of a press and its release curses makes one click, or two events that it gives the newest first, where a key or the terminal's answer came
 * right behind them. So all there are are taken at once. */
static void take_mouse(void)
{
    MEVENT e, came[CV_COUNT(term.mice)];
    size_t n = 0;
    while (n < CV_COUNT(came) && getmouse(&e) == OK)
        came[n++] = e;
    for (term.nmice = 0; n > 0; term.nmice++) {
        e = came[--n];
        struct cv_input in = {.kind = CV_IN_MOUSE, .x = e.x, .y = e.y};
        in.button = e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED) ? 1
                    : e.bstate & BUTTON1_RELEASED                  ? 3
                    : e.bstate & BUTTON4_PRESSED                   ? 4
                    : e.bstate & BUTTON5_PRESSED                   ? 5
                                                                   : 2;
        term.mice[term.nmice] = in;
    }
    term.mouse_next = 0;
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
    int begin = wgetch(term.keys);
    if (begin != '[' && begin != 'O') {
        if (begin != ERR)
            ungetch(begin);
        return 27;
    }
    int final = wgetch(term.keys);
    for (size_t i = 0; i < CV_COUNT(cursor); i++)
        if (cursor[i].final == final)
            return cursor[i].key;
    while (final != ERR && begin == '[' && (final < 0x40 || final > 0x7e))
        final = wgetch(term.keys);
    if (final == 'n') /* an answer that came in pieces */
        pace_answered(&term.pace);
    return 0;
}

/* Keys that mean nothing to us are passed over, so that the caller's loop ends only where nothing is left. Bytes, not
 * characters: get_wch would swallow the keys after a byte that is not UTF-8, and no key of ours is beyond ASCII. */
static bool terminal_read(struct cv_input *in)
{
    in->kind = CV_IN_NONE;
    while (term.open && !term.suspended) {
        if (term.mouse_next < term.nmice) {
            *in = term.mice[term.mouse_next++];
            return true;
        }
        int code = wgetch(term.keys);
        if (code == ERR)
            return false;
        if (code == KEY_ANSWER) {
            pace_answered(&term.pace);
            continue;
        }
        if (code == KEY_MOUSE) {
            take_mouse();
            continue;
        }
        if (code == KEY_RESIZE) {
            encode_forget(&term.encoder);
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

/* OSC 52: the terminal may keep it, or not; it does not say. */
static bool terminal_copy(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { MOST = 70000 }; /* terminals take no more */
    size_t n = strlen(text);
    if (n > MOST)
        return false;
    struct cv_buf out = {0};
    cv_buf_str(&out, "\033]52;c;");
    for (size_t i = 0; i < n; i += 3) {
        const unsigned char *b = (const unsigned char *)text + i;
        unsigned bits = (unsigned)b[0] << 16 | (i + 1 < n ? (unsigned)b[1] << 8 : 0) | (i + 2 < n ? b[2] : 0);
        char four[4] = {digits[bits >> 18], digits[bits >> 12 & 63], i + 1 < n ? digits[bits >> 6 & 63] : '=', i + 2 < n ? digits[bits & 63] : '='};
        cv_buf_add(&out, four, 4);
    }
    cv_buf_str(&out, "\007");
    line_send(out.at, out.n);
    cv_buf_release(&out);
    return true;
}

const struct cv_terminal_ops cv_terminal_curses = {
    .name = "curses", .summary = "a terminal, through ncurses", .open = terminal_open, .unicode = unicode, .size = terminal_size,
    .present = terminal_present, .read = terminal_read, .copy = terminal_copy, .suspend = terminal_suspend, .resume = terminal_resume,
    .resized = terminal_resized, .keyboard = line_keyboard, .close = terminal_close, .emergency = terminal_emergency};
