"""An authority, and certificates that it signs, made by openssl."""

import shutil
import subprocess
from types import SimpleNamespace

import pytest


def made(folder):
    """(certificate, key) of the authority, of a service called localhost, and of a client."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed, which makes the certificates")

    def signed(name, *more):
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}"]
        subprocess.run([openssl, "req", "-x509", *curve, *files, *more], cwd=folder, check=True, capture_output=True)
        return folder / f"{name}.pem", folder / f"{name}.key"

    authority = signed("authority", "-addext", "keyUsage=keyCertSign,digitalSignature")
    by_authority = ["-CA", authority[0].name, "-CAkey", authority[1].name]
    service = signed("localhost", *by_authority, "-addext", "subjectAltName=DNS:localhost")
    return SimpleNamespace(authority=authority, service=service, client=signed("client", *by_authority))
