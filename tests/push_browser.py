"""What a browser does with a push message (RFC 8291, RFC 8188), written from the documents; and who signed it."""

import base64
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vitals.registry import PushDevice


class Browser:
    """One subscription, with the private key that never leaves the browser."""

    def __init__(self, endpoint: str, recipient: str = "nurse-1") -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._auth = b"0123456789abcdef"
        self.device = PushDevice(
            endpoint=endpoint,
            recipient=recipient,
            p256dh=encode(point(self._private.public_key())),
            auth=encode(self._auth),
            added_utc_ms=1,
        )

    def decrypt(self, body: bytes) -> dict[str, Any]:
        """What the page's service worker is given; raises InvalidTag for what was not made for this browser."""
        salt, (record_size, key_length) = body[:16], struct.unpack("!LB", body[16:21])
        theirs, sealed = body[21 : 21 + key_length], body[21 + key_length :]
        assert len(sealed) <= record_size
        shared = self._private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs))
        info = b"WebPush: info\0" + point(self._private.public_key()) + theirs
        secret = _derive(self._auth, shared, info, 32)
        key = _derive(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = _derive(salt, secret, b"Content-Encoding: nonce\0", 12)
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\0")
        assert text[-1:] == b"\2"  # the last record
        return dict(json.loads(text[:-1]))


def claims(authorization: str) -> tuple[dict[str, Any], str]:
    """What the server says of itself (RFC 8292), and its public key; raises InvalidSignature for another's."""
    kind, _, rest = authorization.partition(" ")
    assert kind == "vapid"
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    signed, _, signature = parts["t"].rpartition(".")
    raw = decode(signature)
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(parts["k"]))
    two = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key.verify(encode_dss_signature(*two), signed.encode(), ec.ECDSA(hashes.SHA256()))
    return dict(json.loads(decode(signed.split(".")[1]))), parts["k"]


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as 65 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def encode(data: bytes) -> str:
    """Base64url as a browser writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """And back."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _derive(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
