# embed_time_zones(TARGET): Debian's time zones inside TARGET, for Windows, which knows other names. What was
# before 2025 is left out, and equal zones are there once: 17 KB for 600 names. As a script (cmake -DFOLDER= -DOUTPUT= -P
# time_zones.cmake): writes the source for what zic compiled into FOLDER.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(TIME_ZONES_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
  function(embed_time_zones target)
    set(rules /usr/share/zoneinfo/tzdata.zi)
    set(folder ${PROJECT_BINARY_DIR}/embedded/zoneinfo)
    set(output ${PROJECT_BINARY_DIR}/embedded/time_zones.cpp)
    find_program(ZIC zic PATHS /usr/sbin REQUIRED)
    add_custom_command(OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -E rm -rf ${folder}
      COMMAND ${ZIC} -b slim -r @1735689600 -d ${folder} ${rules}
      COMMAND ${CMAKE_COMMAND} -DFOLDER=${folder} -DOUTPUT=${output} -P ${TIME_ZONES_SCRIPT}
      DEPENDS ${rules} ${TIME_ZONES_SCRIPT}
      VERBATIM)
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE names LIST_DIRECTORIES false RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT names COMPARE STRING CASE SENSITIVE)
set(arrays "")
set(table "")
set(seen "")
foreach(name ${names})
  file(SHA1 ${FOLDER}/${name} sum)
  if(NOT sum IN_LIST seen)
    list(APPEND seen ${sum})
    file(READ ${FOLDER}/${name} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(APPEND arrays "constexpr unsigned char k${sum}[] = {${bytes}};\n")
  endif()
  string(APPEND table
    "    {\"${name}\", {reinterpret_cast<const char*>(k${sum}), sizeof(k${sum})}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"platform/embedded_time_zones.h\"

namespace tocsin::platform {
namespace {
${arrays}
const EmbeddedTimeZone kTable[] = {
${table}};
}  // namespace
const std::span<const EmbeddedTimeZone> kTimeZones(kTable);
}  // namespace tocsin::platform
")
