# add_windows_resources(PROGRAM): its version, its manifest, and the messages of its event log.
function(add_windows_resources program)
  enable_language(RC)
  find_program(TOCSIN_WINDMC x86_64-w64-mingw32-windmc REQUIRED)
  set(folder ${PROJECT_BINARY_DIR}/resources)
  set(messages ${folder}/messages_english.bin)
  add_custom_command(
    OUTPUT ${messages}
    COMMAND ${TOCSIN_WINDMC} -r ${folder} -h ${folder} ${PROJECT_SOURCE_DIR}/packaging/windows/messages.mc
    DEPENDS ${PROJECT_SOURCE_DIR}/packaging/windows/messages.mc)
  configure_file(${PROJECT_SOURCE_DIR}/packaging/windows/tocsin.rc.in ${folder}/tocsin.rc @ONLY)
  set_source_files_properties(${folder}/tocsin.rc PROPERTIES
    OBJECT_DEPENDS "${messages};${PROJECT_SOURCE_DIR}/packaging/windows/tocsin.manifest")
  # By itself, because the resource compiler does not understand the warning options of ours.
  add_library(${program}_resources OBJECT ${folder}/tocsin.rc)
  target_sources(${program} PRIVATE $<TARGET_OBJECTS:${program}_resources>)
endfunction()
