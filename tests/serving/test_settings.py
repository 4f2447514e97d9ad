"""What a service is started with: names, folders, tokens, ports."""

import json

import pytest

from rareclass.errors import BundleError, InputError
from rareclass.serving.settings import TOKEN, Settings, Transport, named_folders, read_token


def folder(path, name):
    path.mkdir()
    manifest = {"format": 2, "name": name, "target": None, "evidence": {}, "reference": {}, "recipe": {}, "files": {}}
    (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def test_a_model_is_named_by_its_bundle_unless_it_is_given_a_name(tmp_path):
    first, second = folder(tmp_path / "a", "blend+none"), folder(tmp_path / "b", "blend+none")
    assert named_folders([str(first), f"other={second}"]) == {"blend+none": first, "other": second}


def test_the_folder_names_a_model_whose_own_name_cannot_stand_in_a_url(tmp_path):
    assert list(named_folders([str(folder(tmp_path / "fraud", "my model/2"))])) == ["fraud"]


def test_a_folder_that_holds_an_equals_sign_is_a_folder(tmp_path):
    path = folder(tmp_path / "rate=0.1", "m")
    assert named_folders([str(path)]) == {"m": path}


def test_two_models_of_one_name_are_refused_with_both_folders(tmp_path):
    first, second = folder(tmp_path / "a", "m"), folder(tmp_path / "b", "m")
    with pytest.raises(InputError, match=r"'m': .*/a and .*/b\. Name them"):
        named_folders([str(first), str(second)])


@pytest.mark.parametrize("name", ["a b", "ü", "../x", "x" * 101, "-a"])
def test_names_that_cannot_stand_in_a_url_are_refused(tmp_path, name):
    with pytest.raises(InputError, match="cannot be served under the name"):
        named_folders([f"{name}={folder(tmp_path / 'a', 'm')}"])


def test_a_folder_that_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="does not exist"):
        named_folders([str(tmp_path / "none")])


def test_ports_workers_and_log_options_are_checked():
    for wrong, said in (
        ({"port": 70_000}, "--port"),
        ({"workers": 0}, "--workers"),
        ({"port": 8080, "admin_port": 8080}, "one of its own"),
        ({"id_column": "x"}, "add --log"),
        ({"logged_columns": ("x",)}, "add --log"),
    ):
        with pytest.raises(InputError, match=said):
            Settings(folders={}, **wrong)


@pytest.mark.parametrize(
    ("host", "is_open"), [("127.0.0.1", False), ("localhost", False), ("::1", False), ("0.0.0.0", True), ("::", True)]
)
def test_a_service_is_open_where_other_machines_reach_it(host, is_open):
    assert Settings(folders={}, host=host).open is is_open


def test_a_token_comes_from_the_file_or_the_environment_and_is_never_shown(tmp_path, monkeypatch):
    monkeypatch.delenv(TOKEN, raising=False)
    assert read_token(None) is None
    monkeypatch.setenv(TOKEN, "from-the-environment")
    assert read_token(None) == "from-the-environment"
    (tmp_path / "token").write_text("from-the-file\n")
    assert read_token(str(tmp_path / "token")) == "from-the-file"
    assert "from-the-file" not in repr(Settings(folders={}, token="from-the-file"))


@pytest.mark.parametrize("text", ["", "short", "two words here", "ümlaut-token"])
def test_tokens_that_no_header_could_bring_are_refused(tmp_path, text):
    (tmp_path / "token").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="visible ASCII"):
        read_token(str(tmp_path / "token"))
    with pytest.raises(InputError, match="cannot be read"):
        read_token(str(tmp_path / "none"))


def test_tls_needs_certificate_and_key_that_exist(tmp_path):
    with pytest.raises(InputError, match="both --tls-cert and --tls-key"):
        Transport(certificate=tmp_path / "c")
    with pytest.raises(InputError, match="both --tls-cert and --tls-key"):
        Transport(client_authority=tmp_path / "c")
    with pytest.raises(InputError, match="There is no file"):
        Transport(certificate=tmp_path / "c", key=tmp_path / "k")
    assert Transport().scheme == "http"
