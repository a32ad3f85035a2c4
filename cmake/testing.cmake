# Each tests/<folder>/test_NAME.c is one program and one test, <folder>/NAME. Other .c files of a folder are helpers
# linked to all tests of that folder. Fuzz targets replay their corpus. Exit status 77 means skipped as a whole.
pkg_check_modules(MFLIB_CMOCKA QUIET IMPORTED_TARGET cmocka)
if(NOT MFLIB_CMOCKA_FOUND)
  message(STATUS "cmocka is missing: no tests (on Debian: make setup)")
  return()
endif()

add_library(mf_test_support STATIC tests/support.c)
target_link_libraries(mf_test_support PUBLIC maskfer PkgConfig::MFLIB_CMOCKA)
target_include_directories(mf_test_support PUBLIC ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(mf_test_support PUBLIC MF_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

set(mf_test_env
  "MASKFER_SOURCE=${CMAKE_SOURCE_DIR}"
  "MASKFER_BUILD=${CMAKE_BINARY_DIR}"
  "MASKFER_LIBRARY=$<TARGET_FILE:maskfer>"
  "GOMP_SPINCOUNT=1000" # two tests run at once: threads that wait must not hold a core
  "ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1"
  "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0"
  "UBSAN_OPTIONS=print_stacktrace=1"
  "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
if(TARGET maskfer_program)
  list(APPEND mf_test_env "MASKFER_PROGRAM=$<TARGET_FILE:maskfer_program>")
endif()

set(mf_test_seconds 600) # against hanging; train/registry takes two minutes on two idle cores
if(MF_SANITIZE)
  set(mf_test_seconds 1200)
endif()

function(mf_test_properties name label)
  set_tests_properties(${name} PROPERTIES TIMEOUT ${mf_test_seconds} SKIP_RETURN_CODE 77 LABELS ${label}
    ENVIRONMENT "${mf_test_env}")
endfunction()

file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/tests tests/*/*.c)
set(test_programs ${test_sources})
list(FILTER test_programs INCLUDE REGEX "/test_[^/]*\\.c$")
set(test_helpers ${test_sources})
list(FILTER test_helpers EXCLUDE REGEX "/test_[^/]*\\.c$")

set(helped "")
foreach(source ${test_helpers})
  get_filename_component(folder ${source} DIRECTORY)
  string(REPLACE "/" "_" target "mf_test_help_${folder}")
  if(NOT TARGET ${target})
    add_library(${target} STATIC tests/${source})
    target_link_libraries(${target} PUBLIC mf_test_support)
  else()
    target_sources(${target} PRIVATE tests/${source})
  endif()
endforeach()

foreach(source ${test_programs})
  get_filename_component(folder ${source} DIRECTORY)
  get_filename_component(stem ${source} NAME_WE)
  string(REPLACE "/" "_" flat ${folder})
  string(REGEX REPLACE "^test_" "" name ${stem})
  set(target test_${flat}_${name})
  add_executable(${target} tests/${source})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  if(TARGET mf_test_help_${flat})
    target_link_libraries(${target} PRIVATE mf_test_help_${flat})
  endif()
  target_link_libraries(${target} PRIVATE mf_test_support)
  add_test(NAME ${folder}/${name} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  mf_test_properties(${folder}/${name} ${flat})
endforeach()

# Golden files are written anew by `ninja -C build/dev golden-update`; the change is then reviewed like any other.
add_custom_target(golden-update COMMAND ${CMAKE_COMMAND} -E env MASKFER_GOLDEN_UPDATE=1
  ${CMAKE_CTEST_COMMAND} --test-dir ${CMAKE_BINARY_DIR} -L viz --output-on-failure USES_TERMINAL VERBATIM)

# Scripts of tests/house judge the sources themselves: POSIX sh and awk only.
file(GLOB house_scripts CONFIGURE_DEPENDS tests/house/*.sh)
foreach(script ${house_scripts})
  get_filename_component(name ${script} NAME_WE)
  add_test(NAME house/${name} COMMAND sh ${script} ${CMAKE_SOURCE_DIR} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  mf_test_properties(house/${name} house)
  set_property(TEST house/${name} APPEND PROPERTY ENVIRONMENT "CC=${CMAKE_C_COMPILER}")
endforeach()

file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/fuzz_*.c)
foreach(source ${fuzz_sources})
  get_filename_component(target ${source} NAME_WE)
  string(REGEX REPLACE "^fuzz_" "" name ${target})
  add_executable(${target} ${source})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_link_libraries(${target} PRIVATE maskfer)
  if(MF_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${target} PRIVATE fuzz/replay.c)
    add_test(NAME fuzz/${name} COMMAND ${target} ${CMAKE_SOURCE_DIR}/fuzz/corpora/${name}
      WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
    mf_test_properties(fuzz/${name} fuzz)
  endif()
endforeach()
