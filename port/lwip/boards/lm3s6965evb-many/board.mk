# The same hardware, with another configuration.
CHIP_DIR = port/lwip/boards/lm3s6965evb
