"""The Open Inference Protocol over gRPC (extra ``grpc``), in the process and with the models that answer HTTP."""
