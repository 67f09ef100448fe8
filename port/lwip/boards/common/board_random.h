#ifndef BOARD_RANDOM_H
#define BOARD_RANDOM_H
#include <stdint.h>
uint32_t board_random(void);
#endif
