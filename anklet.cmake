# The lists of anklet.mk, for CMake: after include(anklet.cmake) each NAME there is ANKLET_NAME, with whole paths.

file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/anklet.mk anklet_lines REGEX "^[A-Za-z0-9_]+ \\+= ")
foreach(line IN LISTS anklet_lines)
	string(REGEX MATCH "^([A-Za-z0-9_]+) \\+= (.*)$" matched "${line}")
	set(name ANKLET_${CMAKE_MATCH_1})
	string(REPLACE " " ";" files "${CMAKE_MATCH_2}")
	list(TRANSFORM files PREPEND "${CMAKE_CURRENT_LIST_DIR}/")
	list(APPEND ${name} ${files})
endforeach()
