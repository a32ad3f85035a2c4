# Run at build time: write OUT, a C file that holds the bytes of FILES (joined by '|') for serve/assets.h.
string(REPLACE "|" ";" files "${FILES}")
set(arrays "")
set(rows "")
set(n 0)
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  get_filename_component(ending ${file} LAST_EXT)
  if(ending STREQUAL ".html")
    set(type "text/html; charset=utf-8")
  elseif(ending STREQUAL ".css")
    set(type "text/css; charset=utf-8")
  elseif(ending STREQUAL ".js")
    set(type "text/javascript; charset=utf-8")
  elseif(ending STREQUAL ".svg")
    set(type "image/svg+xml")
  else()
    message(FATAL_ERROR "${file}: no media type is known for ${ending}; add it to cmake/embed.cmake")
  endif()
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const unsigned char bytes_${n}[] = {\n${bytes}\n};\n")
  string(APPEND rows "    {\"${name}\", \"${type}\", bytes_${n}, sizeof bytes_${n}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUT} "/* Made by cmake/embed.cmake from src/serve/web; edit those files. */
#include \"serve/assets.h\"
#include \"core/str.h\"

${arrays}
static const mf_asset all[] = {
${rows}};

const mf_asset *
mf_asset_find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof all / sizeof all[0]; i++)
        if (mf_str_eq(all[i].name, name))
            return &all[i];
    return NULL;
}
")
