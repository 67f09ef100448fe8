/*
 * How an actor's connection becomes encrypted: perhaps by a dialogue in the clear, then by a handshake.
 *
 * The places for connections are a table of the program's, so what a run leaves
 * open is noted here, and closed when it is over. See actors.h and secure.h.
 */
#include "secure.h"

#include <string.h>

static struct stream *opened[SECURE_PLACES];

static void note(struct stream *stream)
{
	size_t i = 0;

	while (opened[i] != NULL && opened[i]->tls != NULL && opened[i] != stream)
		i++;
	opened[i] = stream;
}

void secure_close_all(void)
{
	for (size_t i = 0; i < SECURE_PLACES; i++) {
		if (opened[i] != NULL)
			tls_close(&opened[i]->tls);
		opened[i] = NULL;
	}
}

/* ---- The dialogue ---- */

/* Reads up to the end of a line: 0, PORT_AGAIN, or the end. */
static int hear(struct talk *talk)
{
	while (talk->heard_len == 0 || talk->heard[talk->heard_len - 1] != '\n') {
		int n = port_read(talk->port, talk->stream.sock, talk->heard + talk->heard_len, 1);

		if (n < 0)
			return n;
		EXPECT(talk->run, ++talk->heard_len < sizeof talk->heard);
		if (talk->run->failed)
			return PORT_FAILED;
	}
	EXPECT(talk->run,
		strncmp(talk->heard, talk->script->heard, strlen(talk->script->heard)) == 0);
	return 0;
}

static int say(struct talk *talk)
{
	const char *said = talk->script->said;

	while (said[talk->said] != '\0') {
		size_t len = strlen(said + talk->said);
		int n;

		if (talk->said_max != 0 && len > talk->said_max)
			len = talk->said_max;
		n = port_send(talk->port, talk->stream.sock, said + talk->said, len);
		if (n < 0)
			return n;
		talk->said += (size_t)n;
	}
	return 0;
}

/* 0: the dialogue is over. */
static int go_through_script(struct talk *talk)
{
	while (talk->script != NULL && talk->script->said != NULL) {
		int r = talk->script->heard != NULL ? hear(talk) : 0;

		if (r == 0)
			r = say(talk);
		if (r < 0)
			return r;
		talk->script++;
		talk->said = talk->heard_len = 0;
	}
	return 0;
}

/* ---- The handshake ---- */

static int shake(struct talk *talk)
{
	struct stream *stream = &talk->stream;
	int r = 0;

	if (stream->tls == NULL) {
		r = tls_open(&stream->tls, talk->tls, talk->port, stream->sock,
			talk->tls_name != NULL ? talk->tls_name : "");
		if (r == 0)
			note(stream);
	}
	if (r == 0)
		r = tls_handshake(stream->tls);
	while (r == TLS_TICK)
		r = tls_handshake(stream->tls);
	talk->secured = r == 0;
	return r;
}

int talk_secure(struct talk *talk)
{
	int r;

	if (talk->secured || talk->secure_end != 0)
		return talk->secure_end;
	r = go_through_script(talk);
	if (r == 0 && talk->tls != NULL)
		r = shake(talk);
	else if (r == 0)
		talk->secured = true;
	if (r != PORT_AGAIN)
		talk->secure_end = r;
	return r;
}
