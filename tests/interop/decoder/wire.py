"""wire: integers, strings and hashes of docs/protocol.md, section 2."""

import hashlib

MASK64 = (1 << 64) - 1


class Refused(Exception):
    """Bytes that the page says are to be refused."""


def h8(data, key=b""):
    return hashlib.blake2b(data, digest_size=8, key=key).digest()


def h32(data, key=b""):
    return hashlib.blake2b(data, digest_size=32, key=key).digest()


def number_of(digest):
    return int.from_bytes(digest, "big")


def u(value, size):
    return value.to_bytes(size, "big")


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def signed(value):
    return varint((value << 1 ^ value >> 63) & MASK64)


def unzigzag(value):
    """A zigzag coded number of 64 bits as what it stands for."""
    return value >> 1 ^ -(value & 1)


def string(data):
    return varint(len(data)) + data


def change_id(life, klass, seq):
    return life + u(klass, 1) + u(seq, 8)


class Reader:
    """Takes a structure apart; everything has to be used up at its end."""

    def __init__(self, data):
        self.data = bytes(data)
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def bytes(self, size):
        if size > self.left():
            raise Refused("too few bytes: %d of %d" % (self.left(), size))
        self.at += size
        return self.data[self.at - size:self.at]

    def rest(self):
        return self.bytes(self.left())

    def u(self, size):
        return int.from_bytes(self.bytes(size), "big")

    def u8(self):
        return self.u(1)

    def varint(self, most=MASK64):
        value = 0
        for i in range(10):
            byte = self.u8()
            value |= (byte & 127) << 7 * i
            if byte < 128:
                if byte == 0 and i > 0:
                    raise Refused("a varint longer than it need be")
                if value > most:
                    raise Refused("%d is above %d" % (value, most))
                return value
        raise Refused("a varint of more than 10 bytes")

    def signed(self):
        return unzigzag(self.varint())

    def string(self, least=0, most=MASK64):
        size = self.varint()
        if not least <= size <= most:
            raise Refused("a string of %d bytes" % size)
        return self.bytes(size)

    def end(self):
        if self.left() != 0:
            raise Refused("%d bytes left over" % self.left())
