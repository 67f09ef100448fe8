# A stand-in for Zephyr's CMake functions: cmake -D CONFIG_...=y -D LISTS=CMakeLists.txt -P zephyr.cmake
# evaluates a module's CMakeLists.txt and prints what it asks for, one a line.

function(said)
  string(REPLACE ";" " " line "${ARGV}")
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo "${line}")
endfunction()

function(zephyr_interface_library_named name)
  said(interface ${name})
endfunction()

function(zephyr_library_named name)
  said(library ${name})
endfunction()

function(zephyr_library_link_libraries)
  foreach(library ${ARGV})
    said(link ${library})
  endforeach()
endfunction()

function(target_include_directories target scope)
  foreach(directory ${ARGN})
    said(include ${target} ${scope} ${directory})
  endforeach()
endfunction()

function(target_compile_definitions target scope)
  foreach(definition ${ARGN})
    said(define ${target} ${scope} ${definition})
  endforeach()
endfunction()

function(zephyr_library_sources)
  foreach(source ${ARGV})
    said(source ${source})
  endforeach()
endfunction()

function(zephyr_library_sources_ifdef feature)
  if(${feature})
    zephyr_library_sources(${ARGN})
  endif()
endfunction()

function(zephyr_library_sources_ifndef feature)
  if(NOT ${feature})
    zephyr_library_sources(${ARGN})
  endif()
endfunction()

get_filename_component(CMAKE_CURRENT_LIST_DIR ${LISTS} DIRECTORY)
include(${LISTS})
