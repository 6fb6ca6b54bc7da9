"""The key by which push services know this server (VAPID, RFC 8292): made once, in a file for its owner alone."""

import base64
import os
import stat
from pathlib import Path
from typing import Any, Final

import msgspec

from vitals.errors import ConfigurationError

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class PushKey(msgspec.Struct, frozen=True):
    """The private and the public key as PEM; *public* is how a browser wants it: the point, base64url."""

    private_pem: bytes
    public_pem: bytes
    public: str


def make(path: Path) -> PushKey:
    """Make a key and keep it at *path*, mode 0600.

    Raises:
        ConfigurationError: something is there already, the file cannot be written, or the extra is not installed.
    """
    vapid = _vapid()
    private_pem, _, _ = vapid.generate_keys()
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            f"{path} is there already: every registered device belongs to that key; remove it first to begin anew"
        ) from None
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(private_pem)
    return load(path)


def load(path: Path) -> PushKey:
    """The key at *path*.

    Raises:
        ConfigurationError: it is not there, is no such key, others may read it, or the extra is not installed.
    """
    _vapid()
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - comes with the extra
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey  # noqa: PLC0415

    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigurationError(f"others may read the push key: chmod 600 {path}")
        private_pem = path.read_bytes()
        key = serialization.load_pem_private_key(private_pem, password=None)
    except FileNotFoundError:
        raise ConfigurationError(f"there is no push key at {path}; make one with: vitals notify push-key") from None
    except (OSError, ValueError, TypeError):
        raise ConfigurationError(f"{path} holds no push key that can be read") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ConfigurationError(f"{path} holds another kind of key: a push key is on the curve P-256")
    public = key.public_key()
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    public_pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PushKey(private_pem, public_pem, base64.urlsafe_b64encode(point).rstrip(b"=").decode())


def _vapid() -> Any:  # noqa: ANN401 - the class of a library without types, that may not be there
    try:
        from webpush.vapid import VAPID  # type: ignore[import-untyped]  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'openvitals[push]'") from None
    return VAPID
