"""noise: handshake and frames of docs/protocol.md, 3 and 4, of which both
sides' secrets are known.

Since the ephemeral secrets are known too, each handshake message can be made
anew and has to be what was recorded, byte for byte.
"""

import hashlib
import hmac

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, \
    PublicFormat

from wire import Refused

REKEY_MESSAGES = 1024
REKEY_BYTES = 64 << 20


def public(secret):
    return x25519.X25519PrivateKey.from_private_bytes(secret).public_key() \
        .public_bytes(Encoding.Raw, PublicFormat.Raw)


def dh(secret, key):
    """Refuses a result of zeros (ValueError), as the page asks."""
    return x25519.X25519PrivateKey.from_private_bytes(secret).exchange(
        x25519.X25519PublicKey.from_public_bytes(key))


def verify(key, signature, data, what):
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(
            signature, data)
    except InvalidSignature as e:
        raise Refused("the signature of " + what) from e


def signing_key(seed):
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed).public_key() \
        .public_bytes(Encoding.Raw, PublicFormat.Raw)


def sign(seed, data):
    return ed25519.Ed25519PrivateKey.from_private_bytes(seed).sign(data)


def hkdf(chaining_key, data, count):
    def mac(key, more):
        return hmac.new(key, more, hashlib.blake2b).digest()
    temporary = mac(chaining_key, data)
    out, last = [], b""
    for i in range(1, count + 1):
        last = mac(temporary, last + bytes([i]))
        out.append(last)
    return out


class Cipher:
    """One direction: a key, a nonce that goes on, and what was sent."""

    def __init__(self, key):
        self.key = key[:32]
        self.nonce = self.messages = self.size = 0

    def take(self, associated, data, opens):
        nonce = bytes(4) + self.nonce.to_bytes(8, "little")
        aead = ChaCha20Poly1305(self.key)
        self.nonce += 1
        if not opens:
            return aead.encrypt(nonce, data, associated)
        try:
            return aead.decrypt(nonce, data, associated)
        except InvalidTag as e:
            raise Refused("sealed bytes that do not open") from e

    def frame(self, data):
        """Open a frame's body; the key may change behind it."""
        plain = self.take(b"", data, True)
        self.messages += 1
        self.size += len(plain)
        if self.messages >= REKEY_MESSAGES or self.size >= REKEY_BYTES:
            nonce = bytes(4) + b"\xff" * 8
            self.key = ChaCha20Poly1305(self.key).encrypt(
                nonce, bytes(32), b"")[:32]
            self.messages = self.size = 0
        return plain


class Handshake:
    """XK or, with psk, XKpsk3, seen from above both sides."""

    def __init__(self, prologue, initiator, responder, psk=None):
        """Each side is (transport secret, ephemeral secret)."""
        name = b"Noise_XK%s_25519_ChaChaPoly_BLAKE2b" % (
            b"psk3" if psk is not None else b"")
        self.hash = self.chaining_key = name.ljust(64, b"\0")
        self.i, self.r, self.psk = initiator, responder, psk
        self.cipher = None
        self.mix_hash(prologue)
        self.mix_hash(public(responder[0]))

    def mix_hash(self, data):
        self.hash = hashlib.blake2b(self.hash + data).digest()

    def mix_key(self, data):
        self.chaining_key, key = hkdf(self.chaining_key, data, 2)
        self.cipher = Cipher(key)

    def ephemeral(self, sent, secret):
        if sent != public(secret):
            raise Refused("an ephemeral key that is not that of the record")
        self.mix_hash(sent)
        if self.psk is not None:
            self.mix_key(sent)

    def open(self, data):
        plain = self.cipher.take(self.hash, data, True)
        self.mix_hash(data)
        return plain

    def message_1(self, data):
        self.ephemeral(data[:32], self.i[1])
        self.mix_key(dh(self.i[1], public(self.r[0])))
        return self.open(data[32:])

    def message_2(self, data):
        self.ephemeral(data[:32], self.r[1])
        self.mix_key(dh(self.i[1], public(self.r[1])))
        return self.open(data[32:])

    def message_3(self, data):
        if self.open(data[:48]) != public(self.i[0]):
            raise Refused("another transport key in message 3")
        self.mix_key(dh(self.i[0], public(self.r[1])))
        if self.psk is not None:
            self.chaining_key, more, key = hkdf(self.chaining_key, self.psk, 3)
            self.mix_hash(more)
            self.cipher = Cipher(key)
        return self.open(data[48:])

    def split(self):
        """Ciphers from the initiator and from the responder."""
        first, second = hkdf(self.chaining_key, b"", 2)
        return Cipher(first), Cipher(second)
