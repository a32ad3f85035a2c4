/* data/importers/importer_list.h: the layouts that `maskfer data import` knows; one line each, sorted. */
MF_IMPORTER(ferplus)
MF_IMPORTER(folders)
