// Protobuf's binary form by hand, as a small firmware has it: varints and length-delimited fields are all that piles need.

/** Encodes fields given as [number, value]: numbers and booleans as varints, strings and nested fields with their length. */
export function encode(fields) {
  const parts = [];
  for (const [number, value] of fields) {
    if (value === undefined || value === 0 || value === '' || value === false) continue; // defaults are left out
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
      parts.push(varint(number << 3), varint(value));
    } else {
      const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : encode(value);
      parts.push(varint((number << 3) | 2), varint(bytes.length), bytes);
    }
  }
  return Buffer.concat(parts);
}

/** Decodes a message to a map from field number to its last value: a BigInt, or the bytes of a string or message. */
export function decode(bytes) {
  const fields = new Map();
  for (let at = 0; at < bytes.length;) {
    let key, value;
    [key, at] = readVarint(bytes, at);
    switch (Number(key & 7n)) {
      case 0:
        [value, at] = readVarint(bytes, at);
        break;
      case 2: {
        let length;
        [length, at] = readVarint(bytes, at);
        value = bytes.subarray(at, at + Number(length));
        at += Number(length);
        break;
      }
      default:
        throw new Error(`wire type ${key & 7n} is not used by this protocol`);
    }
    fields.set(Number(key >> 3n), value);
  }
  return fields;
}

function varint(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 0x80n) {
      bytes.push(Number(rest));
      return Buffer.from(bytes);
    }
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function readVarint(bytes, at) {
  let value = 0n;
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[at++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [value, at];
  }
}
