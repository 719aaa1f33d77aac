# tocsin_duktape: the JavaScript engine of the templates, compiled from the source in Debian's duktape-dev.
# The library that Debian has compiled cannot be used: it was built without the check that ends a script
# which runs too long, and it leaves C++ by longjmp.
set(duktape_source /usr/share/duktape)
if(NOT EXISTS ${duktape_source}/duktape.c)
  message(FATAL_ERROR "${duktape_source}/duktape.c is missing: install duktape-dev (./dev setup)")
endif()
set(duktape_folder ${PROJECT_BINARY_DIR}/duktape)
configure_file(${duktape_source}/duktape.c ${duktape_folder}/duktape.cpp COPYONLY)
configure_file(${duktape_source}/duktape.h ${duktape_folder}/duktape.h COPYONLY)
configure_file(${duktape_source}/duk_config.h ${duktape_folder}/duk_config_of_debian.h COPYONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/duk_config.h ${duktape_folder}/duk_config.h COPYONLY)
add_library(tocsin_duktape STATIC ${duktape_folder}/duktape.cpp)
target_include_directories(tocsin_duktape SYSTEM INTERFACE ${duktape_folder})
# Speed matters in the debug build too. It shifts and casts in ways that the sanitizers dislike.
target_compile_options(tocsin_duktape PRIVATE -w -O2 -fno-sanitize=undefined)
