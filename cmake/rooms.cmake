# What every target of ours is built with, and one function that makes a room.

add_library(tocsin_warnings INTERFACE)
target_compile_options(tocsin_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wshadow -Wimplicit-fallthrough -Wnon-virtual-dtor -Werror
  -Wno-missing-designated-field-initializers)  # to name only some fields is what they are for

if(WIN32)
  # Windows 10 or Server 2016, the wide functions where a name has both, and without the service
  # functions, whose macros rename types of ours. For all targets, because Asio's headers bring
  # <windows.h> everywhere.
  add_compile_definitions(_WIN32_WINNT=0x0A00 UNICODE _UNICODE NOSERVICE)
else()
  # As Debian builds its packages. Clang makes programs that may lie anywhere (PIE) by itself.
  add_compile_options($<$<CONFIG:RelWithDebInfo>:-D_FORTIFY_SOURCE=2> $<$<CONFIG:RelWithDebInfo>:-fstack-protector-strong>)
  add_link_options(-Wl,-z,relro,-z,now)
endif()

find_program(PYTHON3 NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)

# add_precompiled(NAME HEADER... [LIBS library...]): headers that take the compiler long to read, read once for
# all targets that say target_precompile_headers(TARGET REUSE_FROM NAME). Clang wants the same options for all.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -include-pch <PCH_FILE>)  # CMake's own hides the path from ccache
function(add_precompiled name)
  cmake_parse_arguments(precompiled "" "" "LIBS" ${ARGN})
  add_library(${name} STATIC ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/precompiled.cpp)
  target_precompile_headers(${name} PRIVATE ${precompiled_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${precompiled_LIBS})
  target_compile_options(${name} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
  # Never from ccache: clang refuses one that was made in another folder.
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF
    CXX_COMPILER_LAUNCHER "${PYTHON3};${CMAKE_CURRENT_FUNCTION_LIST_DIR}/precompile.py")
endfunction()

# add_room(NAME USES room... LIBS library...)
# src/NAME/**.cpp as one static library; USES names the rooms that it may include.
# *_linux.cpp and *_windows.cpp are taken on their platform only; main.cpp is never part of a room.
function(add_room name)
  cmake_parse_arguments(room "" "" "USES;LIBS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(WIN32)
    list(FILTER sources EXCLUDE REGEX "_linux\\.cpp$")
    # The macros of Windows' headers rename what other files of the room declare.
    set(with_windows_headers ${sources})
    list(FILTER with_windows_headers INCLUDE REGEX "_windows\\.cpp$")
    set_source_files_properties(${with_windows_headers} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  else()
    list(FILTER sources EXCLUDE REGEX "_windows\\.cpp$")
  endif()
  if(sources)
    add_library(tocsin_${name} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(tocsin_${name} PRIVATE tocsin_warnings)
    if(name STREQUAL net OR net IN_LIST room_USES)
      target_precompile_headers(tocsin_${name} REUSE_FROM tocsin_precompiled_asio)
    else()
      target_precompile_headers(tocsin_${name} REUSE_FROM tocsin_precompiled)
    endif()
  else()
    add_library(tocsin_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(tocsin_${name} ${scope} ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(tocsin_${name} ${scope} ${room_LIBS})
  foreach(used ${room_USES})
    target_link_libraries(tocsin_${name} ${scope} tocsin_${used})
  endforeach()
endfunction()

# add_program(NAME MAIN room...): an executable of ours; it lands at the top of the build folder.
function(add_program name main)
  add_executable(${name} ${PROJECT_SOURCE_DIR}/${main})
  target_link_libraries(${name} PRIVATE tocsin_warnings)
  foreach(room ${ARGN})
    target_link_libraries(${name} PRIVATE tocsin_${room})
  endforeach()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endfunction()

# add_program_test(NAME PROGRAM ARGUMENT...): runs a program of ours; one for Windows in a Windows of its
# own, and it is skipped where Wine is missing.
function(add_program_test name program)
  if(WIN32)
    add_test(NAME ${name} COMMAND ${PYTHON3} ${PROJECT_SOURCE_DIR}/tests/windows/under_wine.py
      $<TARGET_FILE:${program}> ${ARGN})
  else()
    add_test(NAME ${name} COMMAND ${program} ${ARGN})
  endif()
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 600 SKIP_RETURN_CODE 77)
endfunction()
