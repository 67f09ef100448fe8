/*
 * Another configuration while the proxy runs: it is made beside the one in force, and then takes its place.
 *
 * There is room for two (struct setup of instance.h). Sessions between permission and grant hold theirs by count, so
 * the one that was replaced is free again when they are done; until then another reload waits. Whatever of the new
 * one cannot be had, nothing of the old one has changed.
 */
#ifndef ANKLET_RELOAD_H
#define ANKLET_RELOAD_H

#include "anklet.h"
#include "loop/loop.h"
#include "policy/users.h"

/* The lines of what belongs to the status: its listener of TCP, which may change, and control, which never does. */
enum {
	LINE_STATUS = CONFIG_ANKLET_LISTENERS + CONFIG_ANKLET_FORWARDS,
	LINE_CONTROL,
};

_Static_assert(
	CONFIG_ANKLET_CONFIG_READER || !CONFIG_ANKLET_RELOAD, "what reads it again can read it");
_Static_assert(LINE_CONTROL <= UINT8_MAX, "a byte names every line");

enum { LISTENERS_STREAMS, LISTENERS_DATAGRAMS, LISTENERS_KINDS };

/*
 * What a listener is to the configuration. A line is a number: of 'listen', and from CONFIG_ANKLET_LISTENERS on of
 * 'forward'.
 */
struct reload_listener {
	uint16_t asked;    /* the port that was asked for: 0 is any free one */
	uint8_t line;      /* that it belongs to */
	uint8_t next_line; /* of what is being made */
	bool kept;         /* what is being made has it, too */
};

struct reload {
	bool wanted;    /* and not begun */
	bool told;      /* that it waits */
	bool under_way; /* between begin and end: what is made is not in force */
	bool replaced;  /* the one that is not in force is still to be forgotten */
	struct setup *made;
	uint32_t generation; /* counts reloads that were put in force */
	uint32_t failed;
	bool last_failed;
	uint64_t read_at; /* by loop_time() */
	unsigned before
		[LISTENERS_KINDS]; /* listeners of the one in force; those after them were opened for the next */
	struct reload_listener listener[LISTENERS_KINDS][LOOP_LISTENER_SLOTS];
#if CONFIG_ANKLET_PASSWORDS
	struct users users; /* of what is being made */
#endif
};

#endif
