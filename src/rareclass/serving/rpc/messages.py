"""The messages of gRPC, made at run time of `protocol.binpb`, protoc's form of the two .proto files beside it.

Generated code runs with some versions of protobuf only, and puts its names into the one pool of a process, where a
client's copy of the same protocol may stand already. A serialized descriptor is data that every version reads, here in
a pool of its own.
"""

from pathlib import Path
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from rareclass.serving.errors import wrong

_POOL = DescriptorPool()
for _file in FileDescriptorSet.FromString(Path(__file__).with_name("protocol.binpb").read_bytes()).file:
    _POOL.Add(_file)


def message_class(name: str, package: str = "inference") -> Any:
    """The class of a message of the protocol."""
    return GetMessageClass(_POOL.FindMessageTypeByName(f"{package}.{name}"))


def parsed(kind: Any, raw: bytes) -> Any:
    """The message of this class that these bytes hold.

    Raises
    ------
    Refused
        400: they hold none, or text in it is no UTF-8.
    """
    try:
        return kind.FromString(raw)
    except DecodeError:
        raise wrong(
            f"The message is no {kind.DESCRIPTOR.name} of the protocol: it is damaged, or a text in it is no UTF-8."
        ) from None
