/* svg_page.c - see svg_page.h; svg.js and svg.css go inside. */
#include "format/svg_page.h"

#include "base/utf8.h"
#include "format/export.h"

#include <string.h>

enum {
	TOP = 58,
	ROW = 18,
	BOTTOM = 40,
	CHAR_PX = 7,
	TITLE_CHARS = 72,
	LEGEND_CHARS = 24,
};

/* Text of an XML element: markup is escaped, what XML forbids becomes U+FFFD. */
static void put_xml(struct buf *out, const char *text, size_t len)
{
	struct buf clean = BUF_INIT;
	size_t i;

	export_clean_utf8(&clean, text, len);
	for (i = 0; i < clean.len; i++) {
		char c = clean.data[i];

		if (c == '<')
			buf_str(out, "&lt;");
		else if (c == '>')
			buf_str(out, "&gt;");
		else if (c == '&')
			buf_str(out, "&amp;");
		else if (c == '"')
			buf_str(out, "&quot;");
		else if ((unsigned char)c < ' ' && c != '\t' && c != '\n')
			buf_str(out, "\xef\xbf\xbd");
		else
			buf_char(out, c);
	}
	buf_release(&clean);
}

/* At most `room` characters, the last two dots when there were more. */
static void put_label(struct buf *out, const char *text, size_t room)
{
	size_t i = 0, chars = 0, cut = 0, len = strlen(text);

	for (; i < len && chars <= room; chars++) {
		if (chars + 2 == room)
			cut = i;
		i++;
		while (i < len && ((unsigned char)text[i] & 0xc0) == 0x80)
			i++;
	}
	if (chars <= room) {
		put_xml(out, text, len);
	} else {
		put_xml(out, text, cut);
		buf_str(out, "..");
	}
}

static void put_asset(struct buf *out, const char *from, const char *to)
{
	buf_add(out, from, (size_t)(to - from));
}

extern const char svg_css[], svg_css_end[], svg_js[], svg_js_end[];
__asm__(".section .rodata\n"
	".globl svg_css, svg_css_end, svg_js, svg_js_end\n"
	"svg_css: .incbin \"src/format/svg.css\"\n"
	"svg_css_end: .byte 0\n"
	"svg_js: .incbin \"src/format/svg.js\"\n"
	"svg_js_end: .byte 0\n"
	".text\n");

void svg_page_begin(struct svg_page *p, const char *classes, const char *unit,
	const char *title, const char *subtitle)
{
	unsigned height = TOP + p->n_rows * ROW + BOTTOM;

	buf_printf(p->out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%u\" "
		"viewBox=\"0 0 %d %u\" class=\"%s\" data-unit=\"%s\">\n<style>\n",
		SVG_WIDTH, height, SVG_WIDTH, height, classes, unit);
	put_asset(p->out, svg_css, svg_css_end);
	buf_printf(p->out,
		"</style>\n<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n"
		"<text class=\"heading\" x=\"%d\" y=\"22\">",
		SVG_MARGIN);
	put_label(p->out, title, TITLE_CHARS);
	buf_printf(p->out, "</text>\n<text class=\"sub\" id=\"sub\" x=\"%d\" y=\"42\">",
		SVG_MARGIN);
	put_xml(p->out, subtitle, strlen(subtitle));
	buf_str(p->out, "</text>\n<g id=\"frames\">\n");
}

void svg_page_box(struct svg_page *p, const char *classes, uint64_t value,
	const char *tip, const char *label, double x, double width, unsigned row)
{
	size_t room = width > 6 ? (size_t)((width - 6) / CHAR_PX) : 0;

	buf_printf(p->out, "<g class=\"f %s\" data-v=\"%llu\"><title>", classes,
		(unsigned long long)value);
	put_xml(p->out, tip, strlen(tip));
	buf_printf(p->out,
		"</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\"/>"
		"<text x=\"%.2f\" y=\"%u\">",
		x, TOP + row * ROW, width, ROW - 1, x + 3, TOP + row * ROW + 13);
	if (room >= 3)
		put_label(p->out, label, room);
	buf_str(p->out, "</text></g>\n");
}

void svg_page_end_boxes(struct svg_page *p)
{
	buf_str(p->out, "</g>\n");
}

void svg_page_legend(struct svg_page *p, const char *classes, const char *text)
{
	unsigned y = TOP + p->n_rows * ROW + 12,
		 x = p->legend_x ? p->legend_x : SVG_MARGIN;
	size_t chars = strlen(text) < LEGEND_CHARS ? strlen(text) : LEGEND_CHARS;

	if (x + chars * CHAR_PX + 30 > SVG_WIDTH)
		return;
	buf_printf(p->out,
		"<g class=\"legend %s\"><rect x=\"%u\" y=\"%u\" width=\"12\" "
		"height=\"12\"/><text x=\"%u\" y=\"%u\">",
		classes, x, y, x + 16, y + 11);
	put_label(p->out, text, LEGEND_CHARS);
	buf_str(p->out, "</text></g>\n");
	p->legend_x = x + (unsigned)chars * CHAR_PX + 30;
}

void svg_page_end(struct svg_page *p)
{
	if (p->n_narrow || p->n_deep)
		buf_printf(p->out,
			"<text class=\"sub\" x=\"%d\" y=\"%u\">left out: %u boxes "
			"narrower "
			"than half a pixel with what is below them, %u below row "
			"%d</text>\n",
			SVG_MARGIN, TOP + p->n_rows * ROW + BOTTOM - 4, p->n_narrow,
			p->n_deep, SVG_MAX_ROWS);
	buf_str(p->out, "<g id=\"tools\"></g>\n<script><![CDATA[\n");
	put_asset(p->out, svg_js, svg_js_end);
	buf_str(p->out, "]]></script>\n</svg>\n");
}
