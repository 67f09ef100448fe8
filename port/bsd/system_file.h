/*
 * The two headers of the system below: SYSTEM_FILE(ANKLET_SYSTEM, ) and SYSTEM_FILE(ANKLET_SYSTEM, _sizes).
 *
 * The build of another system says -DANKLET_SYSTEM=lwip or zephyr, or the name of one of its own, whose
 * headers the compiler finds.
 */
#ifndef ANKLET_SYSTEM_FILE_H
#define ANKLET_SYSTEM_FILE_H

#ifndef ANKLET_SYSTEM
#define ANKLET_SYSTEM posix
#endif

#define SYSTEM_TEXT(file) #file
#define SYSTEM_NAMED(name, part) SYSTEM_TEXT(system_##name##part.h)
#define SYSTEM_FILE(name, part) SYSTEM_NAMED(name, part)

#endif
