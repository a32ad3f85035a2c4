# What `make install` puts where: library, public headers, configurations, and maskfer.pc for programs that link the library.
install(TARGETS maskfer ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/maskfer DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/maskfer FILES_MATCHING PATTERN "*.yaml")

# The library is an archive, so whoever links it links what it stands on.
get_property(mf_pc_modules GLOBAL PROPERTY mf_pc_modules)
list(JOIN mf_pc_modules " " mf_pc_modules)
set(mf_pc_libs "-lm -pthread")
if(MF_HAVE_ONEDNN)
  set(mf_pc_libs "-ldnnl ${mf_pc_libs}")
endif()
if(MF_HAVE_OPENMP)
  set(mf_pc_libs "${mf_pc_libs} ${OpenMP_C_FLAGS}")
endif()
file(RELATIVE_PATH mf_pc_up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" mf_pc_up "${mf_pc_up}")
configure_file(cmake/maskfer.pc.in ${CMAKE_BINARY_DIR}/maskfer.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/maskfer.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
