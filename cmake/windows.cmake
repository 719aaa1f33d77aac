# Toolchain file: tocsin.exe for x86-64 Windows, built on Debian. clang compiles and lld links, because
# g++ miscompiles coroutines and GNU ld rejects the objects; the C runtime and libstdc++ are mingw-w64's.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR AMD64)

set(triple x86_64-w64-mingw32)
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_C_COMPILER_TARGET ${triple})
set(CMAKE_CXX_COMPILER_TARGET ${triple})
set(CMAKE_RC_COMPILER ${triple}-windres)
set(CMAKE_AR /usr/bin/llvm-ar-19)
set(CMAKE_RANLIB /usr/bin/llvm-ranlib-19)

# One file that runs everywhere: nothing is linked dynamically but Windows itself, and what is not
# called is left out.
set(CMAKE_CXX_FLAGS_INIT "-ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld-19 -static -pthread -Wl,--gc-sections")

# The libraries are built on first use (tools/windows_libraries), and seen through a link in the build
# folder: when they change, no path that CMake remembers goes stale.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TOCSIN_WINDOWS_PREFIX)
if(NOT DEFINED TOCSIN_WINDOWS_PREFIX)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../tools/windows_libraries
    OUTPUT_VARIABLE libraries OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(TOCSIN_WINDOWS_PREFIX ${CMAKE_BINARY_DIR}/libraries)
  file(CREATE_LINK ${libraries} ${TOCSIN_WINDOWS_PREFIX} SYMBOLIC)

  find_program(WINE wine)
  if(WINE)
    set(CMAKE_CROSSCOMPILING_EMULATOR
      ${CMAKE_COMMAND} -E env WINEPREFIX=${CMAKE_BINARY_DIR}/wine WINEDEBUG=-all LANG=C.UTF-8 ${WINE})
  endif()
endif()

# Nothing of this machine's own may be found but programs.
set(CMAKE_FIND_ROOT_PATH ${TOCSIN_WINDOWS_PREFIX} /usr/${triple})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_LIBDIR} ${TOCSIN_WINDOWS_PREFIX}/lib/pkgconfig)
set(ENV{PKG_CONFIG_PATH} "")
set(OPENSSL_USE_STATIC_LIBS ON)
