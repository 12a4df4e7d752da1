"""RSA signatures (PKCS #1 v1.5 with SHA-256), as RS256 tokens carry them: enough for a sandbox, no more."""

from __future__ import annotations

import base64
import hashlib
import secrets
from functools import cache

import msgspec

__all__ = ["KeyPair", "process_key"]

_EXPONENT = 65537
_BITS = 2048
_ROUNDS = 8
_SMALL = tuple(n for n in range(3, 8000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2)))
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
_RSA_OID = bytes.fromhex("300d06092a864886f70d0101010500")


class KeyPair(msgspec.Struct, frozen=True):
    """A key: modulus `n`, its factors and the private exponents that go with them."""

    n: int
    p: int
    q: int
    dp: int
    dq: int
    q_inverse: int

    def sign(self, message: bytes) -> bytes:
        """The signature, as long as the modulus."""
        number = int.from_bytes(self._padded(message), "big")
        first, second = pow(number, self.dp, self.p), pow(number, self.dq, self.q)
        lifted = (first - second) * self.q_inverse % self.p
        return (second + lifted * self.q).to_bytes(self._size, "big")

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        number = pow(int.from_bytes(signature, "big"), _EXPONENT, self.n)
        return number == int.from_bytes(self._padded(message), "big")

    def pem(self) -> str:
        """The public key as PEM."""
        numbers = _der(0x30, _integer(self.n) + _integer(_EXPONENT))
        der = _der(0x30, _RSA_OID + _der(0x03, b"\0" + numbers))
        text = base64.b64encode(der).decode()
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])

    @property
    def _size(self) -> int:
        return (self.n.bit_length() + 7) // 8

    def _padded(self, message: bytes) -> bytes:
        digest = _SHA256 + hashlib.sha256(message).digest()
        return b"\0\1" + b"\xff" * (self._size - len(digest) - 3) + b"\0" + digest


@cache
def process_key() -> KeyPair:
    """The key of this process: all its sandboxes sign with it, because making one takes a moment."""
    p, q = _prime(_BITS // 2), _prime(_BITS // 2)
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    return KeyPair(p * q, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))


def _prime(bits: int) -> int:
    while True:
        candidate = secrets.randbits(bits) | (3 << (bits - 2)) | 1
        if (candidate - 1) % _EXPONENT and all(candidate % small for small in _SMALL) and _is_prime(candidate):
            return candidate


def _is_prime(number: int) -> bool:
    """Miller and Rabin's test."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(_ROUNDS):
        x = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if x in (1, number - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % number
            if x == number - 1:
                break
        else:
            return False
    return True


def _integer(number: int) -> bytes:
    return _der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:  # noqa: PLR2004 - DER's short form
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
