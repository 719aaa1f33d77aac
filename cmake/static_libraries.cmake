# For toolchain files of programs that have their libraries linked in.

# use_static_libraries(TARGET FOLDER...): only libraries and headers of tools/static_libraries, and what lies in
# the folders, are found. They are built on first use, and seen through a link in the build folder: when they
# change, no path that CMake remembers goes stale.
macro(use_static_libraries target)
  list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TOCSIN_LIBRARIES)
  if(NOT DEFINED TOCSIN_LIBRARIES)
    execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../tools/static_libraries ${target}
      OUTPUT_VARIABLE libraries OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    set(TOCSIN_LIBRARIES ${CMAKE_BINARY_DIR}/libraries)
    file(CREATE_LINK ${libraries} ${TOCSIN_LIBRARIES} SYMBOLIC)
  endif()

  # Nothing of this machine's own may be found but programs.
  set(CMAKE_FIND_ROOT_PATH ${TOCSIN_LIBRARIES} ${ARGN})
  set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
  set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
  set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
  set(ENV{PKG_CONFIG_LIBDIR} ${TOCSIN_LIBRARIES}/lib/pkgconfig)
  set(ENV{PKG_CONFIG_PATH} "")
  set(OPENSSL_USE_STATIC_LIBS ON)
endmacro()
