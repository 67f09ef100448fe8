/*
 * The settings: two texts, for the network (network.h) and for anklet (anklet.conf(5)).
 *
 * They are built in (built_in.S), and may be replaced in a part of the flash of
 * their own. tools/settings makes the blob: "ANKL", two lengths, a CRC-32 of
 * the lengths and the texts, and the texts. One that is damaged is not used.
 */
#include "board_parts.h"
#include "linked.h"

#include <string.h>

#define SETTINGS_MAGIC 0x4C4B4E41u
#define ERASED 0xffffffffu

struct settings_header {
	uint32_t magic;
	uint32_t crc; /* of all that follows */
	uint32_t network_len, config_len;
};

extern const char built_in_network[], built_in_network_end[];
extern const char built_in_config[], built_in_config_end[];

void settings_built_in(struct board_settings *settings, const char *why)
{
	*settings = (struct board_settings){
		.network = built_in_network,
		.network_len = (size_t)(built_in_network_end - built_in_network),
		.config = built_in_config,
		.config_len = (size_t)(built_in_config_end - built_in_config),
		.built_in = true,
		.why = why,
	};
}

static uint32_t crc_of(const struct settings_header *header)
{
	return checksum_crc32(
		linked_settings + 8, sizeof *header - 8 + header->network_len + header->config_len);
}

void settings_find(struct board_settings *settings)
{
	size_t room = (size_t)(linked_settings_end - linked_settings);
	struct settings_header header;

	memcpy(&header, linked_settings, sizeof header);
	room -= sizeof header;
	if (header.magic == ERASED || header.magic == 0) {
		settings_built_in(settings, NULL);
	} else if (header.magic != SETTINGS_MAGIC) {
		settings_built_in(settings, "they do not begin with ANKL");
	} else if (header.network_len > room || header.config_len > room - header.network_len) {
		settings_built_in(settings, "they are longer than there is room");
	} else if (header.crc != crc_of(&header)) {
		settings_built_in(settings, "their checksum is wrong");
	} else {
		*settings = (struct board_settings){
			.network = (const char *)linked_settings + sizeof header,
			.network_len = header.network_len,
			.config =
				(const char *)linked_settings + sizeof header + header.network_len,
			.config_len = header.config_len,
		};
	}
}
