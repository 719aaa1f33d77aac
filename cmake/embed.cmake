# embed(TARGET NAMESPACE NAME=FILE ...): the files' bytes as `const std::string_view NAME` in NAMESPACE,
# in a source of TARGET's that is made anew when a file changes. As a script
# (cmake -DOUTPUT= -DNAMESPACE= -DFILES= -P embed.cmake): writes that source.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
  function(embed target namespace)
    set(output ${PROJECT_BINARY_DIR}/embedded/${target}.cpp)
    set(files ${ARGN})
    list(TRANSFORM files REPLACE "^[^=]*=" "")
    add_custom_command(OUTPUT ${output}
      COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAMESPACE=${namespace} "-DFILES=${ARGN}" -P ${EMBED_SCRIPT}
      DEPENDS ${files} ${EMBED_SCRIPT}
      VERBATIM)
    target_sources(${target} PRIVATE ${output})
  endfunction()
  return()
endif()

set(source "#include <string_view>\n\nnamespace ${NAMESPACE} {\n")
foreach(pair ${FILES})
  string(REGEX MATCH "^([^=]*)=(.*)$" pair "${pair}")
  set(name ${CMAKE_MATCH_1})
  file(READ ${CMAKE_MATCH_2} bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND source
    "static constexpr unsigned char ${name}_bytes[] = {\n${bytes}};\n"
    "extern const std::string_view ${name};\n"
    "const std::string_view ${name}(reinterpret_cast<const char*>(${name}_bytes), sizeof(${name}_bytes));\n")
endforeach()
file(WRITE ${OUTPUT} "${source}}  // namespace ${NAMESPACE}\n")
