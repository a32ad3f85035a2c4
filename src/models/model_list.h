/* models/model_list.h: every architecture, one line each, sorted. MF_MODEL(NAME) names mf_model_NAME. */
MF_MODEL(ran18)
MF_MODEL(ran50)
MF_MODEL(resnet18)
MF_MODEL(resnet34)
MF_MODEL(resnet50)
MF_MODEL(scan)
