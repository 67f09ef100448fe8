/* Of ESP-IDF, what anklet and its example use, on this machine. */
#ifndef STAND_IN_FREERTOS_H
#define STAND_IN_FREERTOS_H

#endif
