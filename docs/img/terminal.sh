#!/bin/sh
# Turns a command's printed text (standard input) into a picture: docs/img/terminal.sh TITLE < text > picture.svg
awk -v title="$1" '
function esc(s) { gsub(/&/, "\\&amp;", s); gsub(/</, "\\&lt;", s); gsub(/>/, "\\&gt;", s); return s }
{ line[NR] = $0; if (length($0) > w) w = length($0) }
END {
    if (length(title) + 4 > w) w = length(title) + 4
    W = w * 8.43 + 40; H = NR * 19 + 64
    printf "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n", W, H, W, H, esc(title)
    printf "<rect width=\"100%%\" height=\"100%%\" rx=\"8\" fill=\"#16202b\"/><rect width=\"100%%\" height=\"34\" rx=\"8\" fill=\"#243447\"/>\n"
    printf "<text x=\"20\" y=\"23\" font-family=\"sans-serif\" font-size=\"14\" fill=\"#cfe0f2\">%s</text>\n", esc(title)
    printf "<g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"14\" fill=\"#e8eef5\" xml:space=\"preserve\">\n"
    for (i = 1; i <= NR; i++) printf "<text x=\"20\" y=\"%d\">%s</text>\n", 58 + (i - 1) * 19, esc(line[i])
    print "</g></svg>"
}'
