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

include(${CMAKE_CURRENT_LIST_DIR}/static_libraries.cmake)
if(NOT DEFINED TOCSIN_LIBRARIES)
  find_program(WINE wine)
  if(WINE)
    set(CMAKE_CROSSCOMPILING_EMULATOR
      ${CMAKE_COMMAND} -E env WINEPREFIX=${CMAKE_BINARY_DIR}/wine WINEDEBUG=-all LANG=C.UTF-8 ${WINE})
  endif()
endif()
use_static_libraries(windows /usr/${triple})
