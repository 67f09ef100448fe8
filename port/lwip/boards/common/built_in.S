/*
 * The settings that an image is built with, from the files of the board's folder. See settings.c.
 */
	.section .rodata.built_in, "a"
	.global built_in_network, built_in_network_end, built_in_config, built_in_config_end
built_in_network:
	.incbin NETWORK_FILE
built_in_network_end:
built_in_config:
	.incbin CONFIG_FILE
built_in_config_end:
