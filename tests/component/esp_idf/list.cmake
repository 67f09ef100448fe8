# What the component's CMakeLists.txt asks of ESP-IDF: cmake -DROOT=... -P list.cmake prints it.

function(target_compile_options)
	message(STATUS "options ${ARGN}")
endfunction()

function(target_compile_definitions)
	message(STATUS "definitions ${ARGN}")
endfunction()

function(idf_component_register)
	cmake_parse_arguments(PARSE_ARGV 0 asked "" "" "SRCS;INCLUDE_DIRS;PRIV_INCLUDE_DIRS;REQUIRES;PRIV_REQUIRES")
	message(STATUS "unknown ${asked_UNPARSED_ARGUMENTS}")
	foreach(word SRCS INCLUDE_DIRS PRIV_INCLUDE_DIRS REQUIRES PRIV_REQUIRES)
		message(STATUS "${word} ${asked_${word}}")
	endforeach()
endfunction()

set(COMPONENT_LIB anklet)
include(${ROOT}/CMakeLists.txt)
