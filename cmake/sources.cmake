# The library: every src/**/*.c outside src/cli, by name. Four kinds of file are special:
#   *_simd.c                    once per instruction set (core/isa.h)
#   *_amx.c                     for AMX and AVX512-BF16, on x86-64 with a compiler that knows them (MF_HAVE_AMX)
#   src/nn/backends/ref/*.c     once with float, once with double (MF_REAL_F64)
#   src/nn/backends/onednn/*.c  only where oneDNN is installed
file(GLOB_RECURSE lib_sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR} src/*.c)
list(FILTER lib_sources EXCLUDE REGEX "^src/cli/")
list(REMOVE_ITEM lib_sources src/core/version.c) # below
if(NOT MF_HAVE_ONEDNN)
  list(FILTER lib_sources EXCLUDE REGEX "^src/nn/backends/onednn/")
endif()

set(simd_sources ${lib_sources})
list(FILTER simd_sources INCLUDE REGEX "_simd\\.c$")
list(FILTER lib_sources EXCLUDE REGEX "_simd\\.c$")
set(amx_sources ${lib_sources})
list(FILTER amx_sources INCLUDE REGEX "_amx\\.c$")
list(FILTER lib_sources EXCLUDE REGEX "_amx\\.c$")
set(ref_sources ${lib_sources})
list(FILTER ref_sources INCLUDE REGEX "^src/nn/backends/ref/")
list(FILTER lib_sources EXCLUDE REGEX "^src/nn/backends/ref/")

add_library(maskfer STATIC ${lib_sources})
target_link_libraries(maskfer PUBLIC mf_flags)
target_include_directories(maskfer PUBLIC $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

# mf_objects(NAME sources... ) compiled apart, with the definitions and options that the caller then adds.
function(mf_objects name)
  add_library(${name} OBJECT ${ARGN})
  target_link_libraries(${name} PRIVATE mf_flags)
  target_sources(maskfer PRIVATE $<TARGET_OBJECTS:${name}>)
endfunction()

if(ref_sources)
  foreach(f64 0 1)
    mf_objects(mf_ref_f64_${f64} ${ref_sources})
    target_compile_definitions(mf_ref_f64_${f64} PRIVATE MF_REAL_F64=${f64})
    target_compile_options(mf_ref_f64_${f64} PRIVATE -O2) # tests lean on it in every preset
  endforeach()
endif()

if(simd_sources)
  mf_objects(mf_simd_base ${simd_sources})
  target_compile_definitions(mf_simd_base PRIVATE MF_ISA_SUFFIX=_base)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
    mf_objects(mf_simd_avx2 ${simd_sources})
    target_compile_definitions(mf_simd_avx2 PRIVATE MF_ISA_SUFFIX=_avx2)
    target_compile_options(mf_simd_avx2 PRIVATE -mavx2 -mfma -mf16c)
    mf_objects(mf_simd_avx512 ${simd_sources})
    target_compile_definitions(mf_simd_avx512 PRIVATE MF_ISA_SUFFIX=_avx512)
    target_compile_options(mf_simd_avx512 PRIVATE -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c)
  endif()
endif()

if(amx_sources AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  include(CheckCCompilerFlag)
  check_c_compiler_flag("-mamx-tile -mamx-bf16 -mavx512bf16" mf_compiler_amx)
  if(mf_compiler_amx)
    mf_objects(mf_amx ${amx_sources})
    target_compile_options(mf_amx PRIVATE -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16 -mamx-tile -mamx-bf16 -mfma)
    target_compile_definitions(maskfer PRIVATE MF_HAVE_AMX)
  endif()
endif()

# The commit goes into one small header, so that a commit recompiles one file.
add_custom_target(mf_commit_header BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/mf_commit.h
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${CMAKE_BINARY_DIR}/generated/mf_commit.h
    -P ${CMAKE_SOURCE_DIR}/cmake/commit.cmake
  COMMENT "" VERBATIM)
add_library(mf_version_object OBJECT src/core/version.c)
target_link_libraries(mf_version_object PRIVATE mf_flags)
target_include_directories(mf_version_object PRIVATE ${CMAKE_BINARY_DIR}/generated)
add_dependencies(mf_version_object mf_commit_header)
target_sources(maskfer PRIVATE $<TARGET_OBJECTS:mf_version_object>)

# The web pages go into the program, byte by byte: no file to find when it runs, no tool to make them when it is built.
file(GLOB web_files CONFIGURE_DEPENDS src/serve/web/*)
list(JOIN web_files "|" web_joined)
add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/generated/serve_assets.c
  COMMAND ${CMAKE_COMMAND} -DFILES=${web_joined} -DOUT=${CMAKE_BINARY_DIR}/generated/serve_assets.c
    -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${web_files} cmake/embed.cmake
  COMMENT "Putting the web pages into C" VERBATIM)
target_sources(maskfer PRIVATE ${CMAKE_BINARY_DIR}/generated/serve_assets.c)
