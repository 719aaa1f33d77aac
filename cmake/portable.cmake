# Toolchain file: tocsin for any x86-64 Linux with glibc 2.31 or later. All libraries but the C library are linked
# in, and that one is Debian 11's, so that no symbol of a later one is asked for.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_AR /usr/bin/llvm-ar-19)
set(CMAKE_RANLIB /usr/bin/llvm-ranlib-19)

include(${CMAKE_CURRENT_LIST_DIR}/static_libraries.cmake)
use_static_libraries(portable)
set(CMAKE_SYSROOT ${TOCSIN_LIBRARIES}/sysroot)
set(CMAKE_CROSSCOMPILING_EMULATOR "") # what is built runs here too

set(CMAKE_CXX_FLAGS_INIT "-ffunction-sections -fdata-sections")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld-19 -pthread -Wl,--gc-sections -Wl,--as-needed")
