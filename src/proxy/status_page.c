/*
 * The page: one file, which asks for /status, /sessions and /refusals every two seconds and shows them. It is kept
 * compressed, as every browser takes it, and nothing of it runs but what is in it.
 */
#include "proxy/instance.h"

#if CONFIG_ANKLET_PAGE

#include "status_page.h" /* which tools/page makes of page.html */

const char status_page_head[] =
	"Content-Type: text/html\r\nContent-Encoding: gzip\r\n"
	"Content-Security-Policy: default-src 'none'; script-src '" PAGE_SCRIPT
	"'; style-src '" PAGE_STYLE "'; "
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n";

#define ROW 512

_Static_assert(sizeof page <= 3072, "it is a small one");

/* cursor->after: the bytes before this row. */
bool status_page(struct status_cursor *cursor, struct text *t)
{
	size_t left = sizeof page - cursor->after, n = left < ROW ? left : ROW;

	text_bytes(t, (const char *)page + cursor->after, n);
	cursor->after += (uint32_t)n;
	return cursor->after < sizeof page;
}

#endif
