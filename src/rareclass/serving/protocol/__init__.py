"""The Open Inference Protocol (V2), JSON and binary tensors: bytes to tensors, answers to bytes."""
