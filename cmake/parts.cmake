# What maskfer is made of. Required libraries stop the configuration with one sentence; optional ones are left out.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
# The thread sanitizer cannot see through OpenMP's own library: core/thread.c then makes plain threads.
if(NOT MF_SANITIZE MATCHES "thread")
  find_package(OpenMP COMPONENTS C)
endif()

set(mf_parts "")

# mf_need(VAR PACKAGE module): a library that nothing works without.
function(mf_need var package module)
  pkg_check_modules(${var} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${var}_FOUND)
    message(FATAL_ERROR "${module} is missing: install the package ${package} (on Debian: make setup).")
  endif()
  set_property(GLOBAL APPEND PROPERTY mf_pc_modules ${module})
endfunction()

mf_need(MFLIB_JANSSON libjansson-dev jansson)
mf_need(MFLIB_YAML libyaml-dev yaml-0.1)
mf_need(MFLIB_JPEG libturbojpeg0-dev libturbojpeg)
mf_need(MFLIB_PNG libpng-dev libpng)
mf_need(MFLIB_WEBP libwebp-dev libwebp)
mf_need(MFLIB_EXIF libexif-dev libexif)
mf_need(MFLIB_CAIRO libcairo2-dev cairo)
mf_need(MFLIB_ZIP libzip-dev libzip)

set(MF_HAVE_ONEDNN 0)
if(MF_ONEDNN)
  # Looked for by hand: the CMake file that Debian ships with oneDNN insists on OpenCL, which we do not use.
  find_path(MF_DNNL_INCLUDE oneapi/dnnl/dnnl.h)
  find_library(MF_DNNL_LIBRARY dnnl)
  if(MF_DNNL_INCLUDE AND MF_DNNL_LIBRARY)
    add_library(DNNL::dnnl UNKNOWN IMPORTED)
    set_target_properties(DNNL::dnnl PROPERTIES IMPORTED_LOCATION ${MF_DNNL_LIBRARY}
      INTERFACE_INCLUDE_DIRECTORIES ${MF_DNNL_INCLUDE})
    set(MF_HAVE_ONEDNN 1)
  endif()
endif()

set(MF_HAVE_OPENMP 0)
if(OpenMP_C_FOUND)
  set(MF_HAVE_OPENMP 1)
endif()

# mf_want(VAR module): a library that some commands need and the rest works without. Sets MF_HAVE_VAR to 0 or 1.
function(mf_want var module)
  set(have 0)
  if(MF_${var})
    pkg_check_modules(MFLIB_${var} QUIET IMPORTED_TARGET GLOBAL ${module})
    if(MFLIB_${var}_FOUND)
      set(have 1)
      string(REGEX REPLACE "[<>=].*" "" name "${module}")
      set_property(GLOBAL APPEND PROPERTY mf_pc_modules ${name})
    endif()
  endif()
  set(MF_HAVE_${var} ${have} PARENT_SCOPE)
endfunction()

mf_want(MICROHTTPD libmicrohttpd)
mf_want(SQLITE sqlite3)
mf_want(FFTW fftw3f) # single precision only
mf_want(TIFF "libtiff-4>=4.5") # from there on errors are told per file, not printed

foreach(part OPENMP ONEDNN MICROHTTPD SQLITE FFTW TIFF)
  if(MF_HAVE_${part})
    string(APPEND mf_parts " ${part}=yes")
  else()
    string(APPEND mf_parts " ${part}=no")
  endif()
endforeach()
string(TOLOWER "${mf_parts}" mf_parts)
message(STATUS "maskfer ${PROJECT_VERSION}, optional parts:${mf_parts}")
