/*
 * Stored files: certificates and keys, where the board keeps them. They are shown in place.
 */
#include "internal.h"

#include "board.h"

/* There is no list of the system's: "" is the name of no file. */
int port_load(struct port *p, const char *name, size_t offset, const uint8_t **data)
{
	size_t len = 0;

	(void)p;
	switch (board_file(name, data, &len)) {
	case BOARD_FILE_FOUND:
		break;
	case BOARD_FILE_NONE:
		return PORT_NO_NAME;
	case BOARD_FILES_DAMAGED:
		return PORT_FAILED;
	}
	*data += offset < len ? offset : len;
	return offset < len ? (int)(len - offset) : 0;
}

/* Who stores them knows when they change. */
uint32_t port_stamp(struct port *p, const char *name)
{
	(void)p;
	(void)name;
	return 0;
}

/* Nobody else is there. */
bool port_others_read(struct port *p, const char *name)
{
	(void)p;
	(void)name;
	return false;
}
