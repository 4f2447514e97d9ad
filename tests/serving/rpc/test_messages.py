"""The serialized descriptor is that of the .proto files beside it, and of the protocol's own client."""

import re
import warnings
from pathlib import Path

import pytest

descriptor = pytest.importorskip("google.protobuf.descriptor_pb2")
import rareclass.serving.rpc as rpc  # noqa: E402  (after the check that its package is there)

FOLDER = Path(rpc.__file__).parent
FIELD = re.compile(r"(repeated )?(map<string, (\w+)>|\w+) (\w+) = (\d+);")
RPC = re.compile(r"rpc (\w+)\((\w+)\) returns \((stream )?(\w+)\);")


def read_proto(text):
    """Package, messages (their fields: name to number, type, repeated), values of enumerations, and methods."""
    text = re.sub(r"//.*", "", text)
    package = re.search(r"package ([\w.]+);", text)[1]
    stack, fields, values, methods = [], {}, {}, set()
    for token in re.findall(r"(?:message|enum|oneof|service) \w+ \{|\}|rpc [^;]+;|[\w<>, ]+ = \d+;", text):
        token = token.strip()
        opened = re.fullmatch(r"(\w+) (\w+) \{", token)
        if opened:
            stack.append(opened.groups())
            if opened[1] == "message":
                fields[path(stack)] = {}
        elif token == "}":
            stack.pop()
        elif token.startswith("rpc"):
            methods.add(RPC.fullmatch(token).groups())
        elif stack[-1][0] == "enum":
            name, number = token.rstrip(";").split(" = ")
            values[name] = int(number)
        else:
            repeated, kind, entry, name, number = FIELD.fullmatch(token).groups()
            fields[path(stack)][name] = (int(number), entry or kind, bool(repeated or entry))
    return package, fields, values, methods


def path(stack):
    return ".".join(name for kind, name in stack if kind == "message")


def read_file(file):
    """The same of a descriptor."""
    names = {
        number: name.removeprefix("TYPE_").lower() for name, number in descriptor.FieldDescriptorProto.Type.items()
    }
    fields, values = {}, {}

    def look(message, prefix):
        own = prefix + message.name
        maps = {n.name: n.field[1].type_name.split(".")[-1] for n in message.nested_type if n.options.map_entry}
        fields[own] = {}
        for f in message.field:
            kind = f.type_name.split(".")[-1] if f.type_name else names[f.type]
            fields[own][f.name] = (f.number, maps.get(kind, kind), f.label == f.LABEL_REPEATED)
        for nested in message.nested_type:
            if not nested.options.map_entry:
                look(nested, own + ".")
        for kind in message.enum_type:
            values.update({v.name: v.number for v in kind.value})

    for message in file.message_type:
        look(message, "")
    last = lambda name: name.split(".")[-1]  # noqa: E731
    methods = {
        (m.name, last(m.input_type), "stream " if m.server_streaming else None, last(m.output_type))
        for service in file.service
        for m in service.method
    }
    return file.package, fields, values, methods


@pytest.fixture(scope="module")
def files():
    found = descriptor.FileDescriptorSet.FromString((FOLDER / "protocol.binpb").read_bytes()).file
    return {file.name: file for file in found}


@pytest.mark.parametrize("name", ["inference.proto", "health.proto"])
def test_the_descriptor_is_that_of_the_file(files, name):
    wanted = read_proto((FOLDER / name).read_text())
    assert any(wanted[1].values())
    assert read_file(files[name]) == wanted


def test_fields_have_the_numbers_and_types_of_the_protocols_own_client(files):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = pytest.importorskip("tritonclient.grpc").service_pb2
    file = descriptor.FileDescriptorProto()
    theirs.DESCRIPTOR.CopyToProto(file)
    known = read_file(file)[1]
    for message, fields in read_file(files["inference.proto"])[1].items():
        for field, said in fields.items():
            assert known[message][field] == said, (message, field)
