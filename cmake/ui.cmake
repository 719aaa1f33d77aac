# embed_ui(TARGET): the dashboard, built from ui/ by npm's packages as its lock file pins them, inside TARGET.
find_program(NPM npm REQUIRED)
find_program(ZOPFLI zopfli REQUIRED)

function(embed_ui target)
  set(ui ${PROJECT_SOURCE_DIR}/ui)
  set(installed ${ui}/node_modules/.package-lock.json)
  set(files ${PROJECT_BINARY_DIR}/ui)
  set(output ${PROJECT_BINARY_DIR}/embedded/${target}.cpp)
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed_ui.py)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${ui}/src/*)
  list(FILTER sources EXCLUDE REGEX "/contract\\.d\\.ts$")  # which `npm run check` makes
  # One installation serves all presets; it is made anew when the lock file changes.
  add_custom_command(OUTPUT ${installed}
    COMMAND ${NPM} ci --prefix ${ui} --no-audit --no-fund --ignore-scripts --silent
    DEPENDS ${ui}/package-lock.json VERBATIM)
  add_custom_command(OUTPUT ${output}
    COMMAND ${NPM} run build --prefix ${ui} --silent -- ${files}
    COMMAND ${PYTHON3} ${script} ${ZOPFLI} ${files} ${PROJECT_SOURCE_DIR}/docs/openapi.yaml ${output}
    DEPENDS ${installed} ${sources} ${ui}/build.mjs ${ui}/tsconfig.json ${PROJECT_SOURCE_DIR}/docs/openapi.yaml ${script}
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
