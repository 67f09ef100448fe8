/*
 * Files: certificates, keys and the like, in a part of the flash of their own.
 *
 * tools/files makes the blob: "ANKF", a CRC-32 of all that follows, the length of the
 * files, and the files one after the other: the length of its contents, its name
 * with a NUL, the contents with a NUL, and zeros up to a multiple of four bytes.
 * One that is damaged is not looked into: of a key no half is of use.
 */
#include "board.h"
#include "board_parts.h"
#include "linked.h"

#include <string.h>

#define FILES_MAGIC 0x464B4E41u
#define ERASED 0xffffffffu
#define ALIGNED(len) (((len) + 3u) & ~(size_t)3)

struct files_header {
	uint32_t magic;
	uint32_t crc;
	uint32_t len; /* of the files */
};

static enum board_file check(const struct files_header *header)
{
	size_t room = (size_t)(linked_files_end - linked_files) - sizeof *header;

	if (header->magic == ERASED || header->magic == 0)
		return BOARD_FILE_NONE;
	if (header->magic != FILES_MAGIC || header->len > room ||
		header->crc != checksum_crc32(linked_files + 8, sizeof header->len + header->len))
		return BOARD_FILES_DAMAGED;
	return BOARD_FILE_FOUND;
}

/* What the CRC covers was put together by the tool: lengths in it are right. */
static enum board_file find(size_t files_len, const char *name, const uint8_t **data, size_t *len)
{
	const uint8_t *file = linked_files + sizeof(struct files_header), *end = file + files_len;
	uint32_t contents_len;
	size_t name_len;

	while (file < end) {
		memcpy(&contents_len, file, sizeof contents_len);
		file += sizeof contents_len;
		name_len = strlen((const char *)file) + 1;
		if (strcmp((const char *)file, name) == 0) {
			*data = file + name_len;
			*len = contents_len;
			return BOARD_FILE_FOUND;
		}
		file += ALIGNED(name_len + contents_len + 1);
	}
	return BOARD_FILE_NONE;
}

enum board_file board_file(const char *name, const uint8_t **data, size_t *len)
{
	static enum board_file found;
	static bool
		checked; /* once: a check takes a while, and nobody writes the flash meanwhile */
	struct files_header header;

	memcpy(&header, linked_files, sizeof header);
	if (!checked)
		found = check(&header);
	checked = true;
	return found == BOARD_FILE_FOUND ? find(header.len, name, data, len) : found;
}
