/* cli/cmd_list.h: the commands, sorted. */
MF_CMD(bench)
MF_CMD(crossval)
MF_CMD(data)
MF_CMD(help)
MF_CMD(info)
MF_CMD(train)
MF_CMD(weights)
