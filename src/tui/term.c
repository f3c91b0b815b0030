/* term.c - see term.h */
#include "tui/term.h"

#include "base/alloc.h"
#include "base/text.h"
#include "base/utf8.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* Signal handlers and curses itself have no argument to pass: one terminal a process. */
static struct termios saved;
static volatile sig_atomic_t is_open, interrupted;
static SCREEN *screen;
static MEVENT mouse;

/* What curses would send, by bytes that every terminal of today knows: mouse off, alternate
 * screen left, cursor shown, colours off. Only functions that signals allow. */
static void restore_raw(void)
{
	static const char bytes[] =
		"\033[?1006l\033[?1002l\033[?1000l\033[0m\033[?1049l\033[?25h\033[?1l\r";
	ssize_t ignored;

	if (!is_open)
		return;
	is_open = 0;
	ignored = write(STDOUT_FILENO, bytes, sizeof(bytes) - 1);
	(void)ignored;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

static void on_crash(int sig)
{
	restore_raw();
	raise(sig); /* the default is back: SA_RESETHAND */
}

static void on_interrupt(int sig)
{
	(void)sig;
	interrupted = 1;
}

static void catch (int sig, void (*handler)(int), int flags)
{
	struct sigaction sa = { .sa_handler = handler, .sa_flags = flags };

	sigaction(sig, &sa, NULL);
}

static void catch_all(void)
{
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS,
		SIGQUIT };
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(crashes); i++)
		catch (crashes[i], on_crash, (int)SA_RESETHAND | SA_NODEFER);
	for (i = 0; i < ARRAY_SIZE(ends); i++)
		catch (ends[i], on_interrupt, 0);
}

static const struct {
	short fg, bg;
	attr_t attr, plain; /* plain: without colours */
} inks[TERM_INKS] = {
	[TERM_PLAIN] = { -1, -1, A_NORMAL, A_NORMAL },
	[TERM_BOLD] = { -1, -1, A_BOLD, A_BOLD },
	[TERM_DIM] = { -1, -1, A_DIM, A_DIM },
	[TERM_BAR] = { COLOR_WHITE, COLOR_BLUE, A_BOLD, A_REVERSE },
	[TERM_PICK] = { COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE },
	[TERM_NAME] = { COLOR_CYAN, -1, A_BOLD, A_BOLD },
	[TERM_GOOD] = { COLOR_GREEN, -1, A_NORMAL, A_NORMAL },
	[TERM_WARN] = { COLOR_YELLOW, -1, A_NORMAL, A_BOLD },
	[TERM_BAD] = { COLOR_RED, -1, A_BOLD, A_BOLD },
	[TERM_KEY] = { COLOR_BLACK, COLOR_WHITE, A_NORMAL, A_REVERSE },
};

bool term_has_colours(void)
{
	const char *no = getenv("NO_COLOR");

	return has_colors() && !(no && *no);
}

static void make_inks(void)
{
	int i;

	if (!term_has_colours())
		return;
	start_color();
	use_default_colors();
	for (i = 1; i < TERM_INKS; i++)
		init_pair((short)i, inks[i].fg, inks[i].bg);
}

static attr_t attr_of(enum term_ink ink)
{
	if (!term_has_colours())
		return inks[ink].plain;
	return inks[ink].attr | (attr_t)COLOR_PAIR((int)ink);
}

int term_open(struct err *err)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_FAILED,
			"top needs a terminal; in a pipe use record or dump");
	if (tcgetattr(STDIN_FILENO, &saved) < 0)
		return err_sys(err, errno, "cannot read the terminal's settings");
	screen = newterm(NULL, stdout, stdin);
	if (!screen) {
		const char *name = getenv("TERM");

		err_set(err, ERR_FAILED, "the terminal \"%s\" is not known here",
			name ? name : "");
		return err_hint(err, "try TERM=xterm-256color or TERM=vt100");
	}
	is_open = 1;
	interrupted = 0;
	catch_all();
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	mousemask(BUTTON1_CLICKED | BUTTON1_PRESSED | BUTTON1_DOUBLE_CLICKED |
			  BUTTON4_PRESSED | BUTTON5_PRESSED,
		NULL);
	mouseinterval(0);
	make_inks();
	return 0;
}

void term_close(void)
{
	if (!is_open)
		return;
	is_open = 0;
	endwin();
	delscreen(screen);
	screen = NULL;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

void term_size(int *rows, int *columns)
{
	getmaxyx(stdscr, *rows, *columns);
}

static unsigned mouse_key(void)
{
	if (getmouse(&mouse) != OK)
		return KEY_IS_OTHER;
	if (mouse.bstate & BUTTON4_PRESSED)
		return KEY_IS_WHEEL_UP;
	if (mouse.bstate & BUTTON5_PRESSED)
		return KEY_IS_WHEEL_DOWN;
	if (mouse.bstate & BUTTON1_DOUBLE_CLICKED)
		return KEY_IS_DOUBLE_CLICK;
	if (mouse.bstate & (BUTTON1_CLICKED | BUTTON1_PRESSED))
		return KEY_IS_CLICK;
	return KEY_IS_OTHER;
}

static const struct {
	int curses;
	unsigned ours;
} named[] = {
	{ KEY_UP, KEY_IS_UP },
	{ KEY_DOWN, KEY_IS_DOWN },
	{ KEY_LEFT, KEY_IS_LEFT },
	{ KEY_RIGHT, KEY_IS_RIGHT },
	{ KEY_PPAGE, KEY_IS_PAGE_UP },
	{ KEY_NPAGE, KEY_IS_PAGE_DOWN },
	{ KEY_HOME, KEY_IS_HOME },
	{ KEY_END, KEY_IS_END },
	{ KEY_ENTER, KEY_IS_ENTER },
	{ KEY_BACKSPACE, KEY_IS_BACKSPACE },
	{ KEY_BTAB, KEY_IS_BACKTAB },
	{ KEY_RESIZE, KEY_IS_RESIZE },
};

/* SIGWINCH may reach any thread, or come while curses is not looking: ask the terminal. */
static bool has_new_size(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) < 0 || !ws.ws_row || !ws.ws_col ||
		(ws.ws_row == LINES && ws.ws_col == COLS))
		return false;
	resizeterm(ws.ws_row, ws.ws_col);
	clearok(curscr, TRUE);
	return true;
}

unsigned term_key(int timeout_ms)
{
	wint_t key;
	size_t i;
	int kind;

	if (interrupted)
		return KEY_IS_INTERRUPT;
	timeout(timeout_ms);
	kind = get_wch(&key);
	if (interrupted)
		return KEY_IS_INTERRUPT;
	if (has_new_size())
		return KEY_IS_RESIZE;
	if (kind == ERR)
		return KEY_NOTHING;
	if (kind == KEY_CODE_YES) {
		if (key == KEY_MOUSE)
			return mouse_key();
		for (i = 0; i < ARRAY_SIZE(named); i++) {
			if ((int)key == named[i].curses)
				return named[i].ours;
		}
		return KEY_IS_OTHER;
	}
	switch (key) {
	case '\r':
	case '\n':
		return KEY_IS_ENTER;
	case '\t':
		return KEY_IS_TAB;
	case 27:
		return KEY_IS_ESCAPE;
	case 8:
	case 127:
		return KEY_IS_BACKSPACE;
	case 3:
		return KEY_IS_INTERRUPT;
	default:
		return key < 0x110000 ? (unsigned)key : KEY_IS_OTHER;
	}
}

void term_mouse(int *row, int *column)
{
	*row = mouse.y;
	*column = mouse.x;
}

void term_begin(void)
{
	erase();
}

void term_end(void)
{
	refresh();
}

void term_put(
	int row, int column, enum term_ink ink, const char *text, int columns, bool pad)
{
	struct buf b = BUF_INIT;
	int rows, width;

	term_size(&rows, &width);
	if (columns > width - column)
		columns = width - column;
	if (row < 0 || row >= rows || column < 0 || columns <= 0)
		return;
	text_fit(&b, text, (size_t)columns);
	if (pad)
		text_pad(&b, 0, (size_t)columns);
	if (b.len) {
		attrset((int)attr_of(ink));
		mvaddnstr(row, column, b.data, (int)b.len);
		attrset((int)A_NORMAL);
	}
	buf_release(&b);
}

int term_print(int row, int column, enum term_ink ink, const char *fmt, ...)
{
	struct buf b = BUF_INIT;
	va_list ap;
	int n;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	n = (int)utf8_columns(b.data, b.len);
	term_put(row, column, ink, b.data, n, false);
	buf_release(&b);
	return n;
}

void term_tint(int row, enum term_ink ink)
{
	mvchgat(row, 0, -1, attr_of(ink) & ~(attr_t)A_COLOR,
		term_has_colours() ? (short)ink : 0, NULL);
}

const char *term_version(void)
{
	return curses_version();
}
