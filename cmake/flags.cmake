# How every file of maskfer is compiled. Never -ffast-math: NaN and infinity keep their meaning.
add_library(mf_flags INTERFACE)
target_include_directories(mf_flags INTERFACE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
target_compile_definitions(mf_flags INTERFACE
  _GNU_SOURCE
  MF_VERSION="${PROJECT_VERSION}"
  MF_HAVE_ONEDNN=${MF_HAVE_ONEDNN}
  MF_HAVE_OPENMP=${MF_HAVE_OPENMP}
  MF_HAVE_MICROHTTPD=${MF_HAVE_MICROHTTPD}
  MF_HAVE_SQLITE=${MF_HAVE_SQLITE}
  MF_HAVE_FFTW=${MF_HAVE_FFTW}
  MF_HAVE_TIFF=${MF_HAVE_TIFF})
target_compile_options(mf_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wmissing-prototypes -Wvla
  -fno-math-errno -ffp-contract=fast)
if(MF_WERROR)
  target_compile_options(mf_flags INTERFACE -Werror)
endif()
if(MF_SANITIZE)
  target_compile_options(mf_flags INTERFACE -fsanitize=${MF_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(mf_flags INTERFACE -fsanitize=${MF_SANITIZE})
endif()
if(MF_FUZZ)
  target_compile_options(mf_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(MF_HAVE_OPENMP)
  target_compile_options(mf_flags INTERFACE ${OpenMP_C_FLAGS})
  target_link_libraries(mf_flags INTERFACE OpenMP::OpenMP_C)
else()
  target_compile_options(mf_flags INTERFACE -Wno-unknown-pragmas) # #pragma omp then means nothing
endif()
# What nothing of ours calls is not loaded: the program starts faster.
target_link_options(mf_flags INTERFACE -Wl,--as-needed)
target_link_libraries(mf_flags INTERFACE Threads::Threads m
  PkgConfig::MFLIB_JANSSON PkgConfig::MFLIB_YAML PkgConfig::MFLIB_JPEG PkgConfig::MFLIB_PNG PkgConfig::MFLIB_WEBP
  PkgConfig::MFLIB_EXIF PkgConfig::MFLIB_CAIRO PkgConfig::MFLIB_ZIP)
if(MF_HAVE_ONEDNN)
  target_link_libraries(mf_flags INTERFACE DNNL::dnnl)
endif()
foreach(part MICROHTTPD SQLITE FFTW TIFF)
  if(MF_HAVE_${part})
    target_link_libraries(mf_flags INTERFACE PkgConfig::MFLIB_${part})
  endif()
endforeach()
